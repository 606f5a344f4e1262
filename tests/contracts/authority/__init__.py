"""Who may sign, and up to which amount."""
