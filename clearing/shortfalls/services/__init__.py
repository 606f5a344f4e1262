"""Use cases of shortfalls, one file a noun, one function a use case."""
