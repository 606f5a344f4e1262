"""Evidence: an append-only, hash-chained log with signed Merkle checkpoints."""
