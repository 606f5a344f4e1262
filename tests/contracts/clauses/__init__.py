"""The clause library and special clauses."""
