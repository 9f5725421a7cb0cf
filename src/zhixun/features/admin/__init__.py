"""The house keeper's desk: what happened, what needs a person, and every order's whole story."""
