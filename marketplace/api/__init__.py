"""API conventions: problem details, pagination, idempotency, authentication, limits, commands."""
