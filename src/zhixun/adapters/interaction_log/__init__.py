"""The log of interactions: a table beside the others, or MongoDB where a house has many visitors."""
