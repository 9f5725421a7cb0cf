"""People hear and see each other in the session room, and what shows afterwards who was there and for how long."""
