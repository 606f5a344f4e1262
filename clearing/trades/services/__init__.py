"""Services of trades, one file a noun."""
