"""Services of invoices, one file a noun."""
