"""Evidence: append-only records, sealed into a Merkle tree (RFC 6962) that is public, with signed checkpoints and witnesses.

Public for other applications: ``services``, ``queries``, ``signatures``, ``verification``, ``witnesses``, ``cosignatures``
and ``verifier_keys``.
"""
