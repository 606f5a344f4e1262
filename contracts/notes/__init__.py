"""Private notes of one side about its negotiations."""
