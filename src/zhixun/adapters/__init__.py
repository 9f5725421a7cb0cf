"""The outside world: a folder per port, a file per choice."""
