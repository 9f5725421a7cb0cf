"""The books: double entry, append-only. Money moves only by transactions whose lines sum to zero."""
