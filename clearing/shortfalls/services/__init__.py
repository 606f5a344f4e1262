"""Services of shortfalls, one file a noun."""
