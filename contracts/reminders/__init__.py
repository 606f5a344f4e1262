"""Reminders of deadlines: each is sent once."""
