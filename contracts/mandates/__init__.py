"""Who may sign for an organisation, up to which amount, and what proves it."""
