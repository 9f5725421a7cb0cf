"""Disagreement about a held session: money waits, both are heard, and silence has a fair end at a known time."""
