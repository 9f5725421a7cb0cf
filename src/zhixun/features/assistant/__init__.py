"""Answers questions from the knowledge base with citations, says when it does not know, and hands over to a person."""
