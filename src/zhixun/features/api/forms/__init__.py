"""The shape of what programs send (asked) and of what they are answered (answers)."""
