"""Runs cycles: steps, posting, dry runs, alarms and sweeps; the cycle's commands and routes."""
