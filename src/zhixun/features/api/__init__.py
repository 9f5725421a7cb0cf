"""The REST API, version 1: everything a program may ask or tell, with its OpenAPI description."""
