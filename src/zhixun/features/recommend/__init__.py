"""Which consultants fit a question, with true reasons and one honest doubt."""
