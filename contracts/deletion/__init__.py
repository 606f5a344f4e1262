"""The duty to delete or return what was received: who owes it, until when, and its certificate."""
