"""The clearing cycle's row and states, and the calendar of cut-offs and value dates."""
