"""What every feature stands on: values, errors, facts, the unit of work."""
