"""What every room of clearing stands on: bulk SQL, parallel reads, parties, shared columns, scopes, parameters."""
