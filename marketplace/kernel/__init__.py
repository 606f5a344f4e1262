"""The ground floor: money, time, identifiers, states, errors and invariants. It imports nothing of the house."""
