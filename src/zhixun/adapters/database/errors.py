class DatabaseUnavailable(Exception):
    """There is no database to work with. The sentence says why, and how to mend it."""
