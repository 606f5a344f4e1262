"""Runs cycles: steps, posting, recomputation, dry run, alarms, sweeps; the cycle's commands and routes."""
