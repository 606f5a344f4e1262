"""Services of run, one file a noun."""
