"""People talk: one conversation per client and consultant, every message numbered, and the session room."""
