"""What people can do. The order of the features is written in pyproject.toml."""
