"""The shell every page stands in: security, errors, languages, layout."""
