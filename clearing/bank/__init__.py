"""The bank's word: statements, matching of their entries, suspense."""
