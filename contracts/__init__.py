"""Templates, negotiations, agreements and disputes."""
