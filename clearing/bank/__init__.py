"""Bank statements, the recognition of bank entries, and suspense."""
