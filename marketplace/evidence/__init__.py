"""Evidence: an append-only, hash-chained log of what was decided and done, with signed Merkle checkpoints."""
