"""What a session costs and in which ways it can be paid: price rules, quotes, packages, memberships."""
