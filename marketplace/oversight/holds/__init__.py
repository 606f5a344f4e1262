"""Legal holds, which stop what would be deleted, and the schedule of how long everything is kept."""
