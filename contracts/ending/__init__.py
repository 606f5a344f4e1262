"""Ends before the term: grounds, moves, consequences for money, and what guards them."""
