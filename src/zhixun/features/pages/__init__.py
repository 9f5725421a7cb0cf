"""Pages made of several features: home, match, consultants, sign-in, account, the consultant’s day and earnings."""
