"""The shell around every page: security, errors, languages, formats, the look, and the live gateway."""
