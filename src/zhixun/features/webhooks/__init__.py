"""Facts told to other programs: signed, tried again, and stopped in time."""
