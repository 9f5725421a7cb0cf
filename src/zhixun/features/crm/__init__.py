"""Keeping people: one page per client, notes and tags, complaints with a clock and an answer, and whether it helped."""
