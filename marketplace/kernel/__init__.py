"""The lowest layer: money, time, identifiers, states, errors and invariants. It imports no other application."""
