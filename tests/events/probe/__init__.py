"""A subscriber of the tests' own."""
