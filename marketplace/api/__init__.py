"""API conventions: problem details, pagination, idempotency, authentication, throttles, commands."""
