"""Where models are learnt."""
