"""Use cases of invoices, one file a noun, one function a use case."""
