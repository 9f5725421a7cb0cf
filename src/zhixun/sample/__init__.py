"""Lively sample data: invented people and ninety days of their sessions, made through the features' own actions."""

from .fill import DEMO_ACCOUNTS, PASSWORD, fill_first, fill_rest

__all__ = ["DEMO_ACCOUNTS", "PASSWORD", "fill_first", "fill_rest"]
