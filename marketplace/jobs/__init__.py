"""Jobs: work with files, mail and networks, and whatever takes long; run outside transactions, on queues of their own."""
