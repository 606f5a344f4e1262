"""Net positions, hashes and proofs of a cycle, their recomputation, and the verification script."""
