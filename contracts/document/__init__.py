"""The agreement as a document: its text, its PDF and the bundle that verifies offline."""
