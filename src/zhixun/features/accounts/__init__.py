"""Who people are: e-mail and password, server-side sign-ins that can be revoked, roles, zone and language."""
