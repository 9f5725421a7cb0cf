"""What people agreed to, in which version and when, and the policy that says so in both languages."""
