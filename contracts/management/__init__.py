"""Commands of contracts for the operator's own host."""
