"""Task inbox, in-app notices and mail."""
