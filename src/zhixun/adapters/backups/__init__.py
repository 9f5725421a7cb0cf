"""Copies of the whole house (zhixun.features.admin.ports.Backups)."""
