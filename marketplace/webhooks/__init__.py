"""The market's events for participants: a feed by cursor, and webhooks (Standard Webhooks) for whoever wants a push."""
