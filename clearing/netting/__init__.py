"""Net positions, hashes and proofs of a cycle, and the verification script."""
