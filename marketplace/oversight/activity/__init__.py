"""Records of a participant's activity: everything that is its own, as one signed file, whenever it asks."""
