"""Zhixun (知询): open-source software for paid one-to-one consulting."""
