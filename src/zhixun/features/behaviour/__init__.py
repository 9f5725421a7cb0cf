"""What people do here, collected only from those who agreed, under a name that is nobody's, and forgotten on request."""
