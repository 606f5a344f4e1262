"""Benchmarks: each compares the market with the bare database or a peer in one run on the same server."""
