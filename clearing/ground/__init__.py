"""Shared by all rooms of clearing: bulk SQL, parallel reads, parties, columns, scopes, rulebook parameters."""
