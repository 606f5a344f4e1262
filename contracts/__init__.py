"""Contract templates, negotiations, agreements, disputes and adjustments."""
