"""What can happen: every fact, in the past tense, made of ids, numbers and words."""
