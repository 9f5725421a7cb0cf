"""Who may open what, over HTTP: every address, every kind of person, everything belonging to somebody else."""
