"""Records of which messages of a negotiation were shown to whom."""
