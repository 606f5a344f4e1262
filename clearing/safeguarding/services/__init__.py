"""Services of safeguarding, one file a noun."""
