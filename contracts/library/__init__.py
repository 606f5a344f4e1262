"""The clause library: clauses in versions with typed parameters, templates made of them, and special clauses of a negotiation."""
