"""What happens when a participant owes more than it has: clearing vector, own money, deposits, claims."""
