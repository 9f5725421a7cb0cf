"""How good a session was: the client's feedback, the reviews others read, and satisfaction as its mean."""
