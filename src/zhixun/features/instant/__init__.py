"""Instant consultation: a client asks now, several consultants who are free now are rung, and the first to answer has it."""
