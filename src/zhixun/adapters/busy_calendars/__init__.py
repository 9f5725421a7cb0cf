"""Calendars kept elsewhere."""
