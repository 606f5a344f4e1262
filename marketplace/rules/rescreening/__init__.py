"""Re-screening: when a rulebook takes effect, everybody who is admitted is evaluated under it. Nobody is shut out by that."""
