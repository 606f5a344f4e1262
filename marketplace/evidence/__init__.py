"""Evidence: append-only records, sealed into a Merkle tree (RFC 6962) whose signed checkpoints are public.

Public for other applications: ``services``, ``queries``, ``signatures`` and ``verification``.
"""
