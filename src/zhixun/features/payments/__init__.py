"""Taking money and giving it back, through any gateway, each event once."""
