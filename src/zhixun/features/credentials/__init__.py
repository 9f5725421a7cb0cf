"""Proofs of who a consultant is and what they may do, each checked by two people; and the way to become a consultant."""
