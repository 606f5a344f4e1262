"""Payments of a cycle: planning, routes of payment, settlement instructions."""
