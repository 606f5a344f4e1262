"""Runs cycles: steps, posting, dry run, alarms, sweeps; the cycle's commands and routes."""
