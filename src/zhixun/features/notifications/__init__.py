"""What people are told, and where: notices in the app, and mail."""
