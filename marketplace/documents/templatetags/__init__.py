"""Tags for HTML documents."""
