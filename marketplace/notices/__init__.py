"""Tasks, notices and mail."""
