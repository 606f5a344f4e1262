"""Commands of clearing for the operator's own host."""
