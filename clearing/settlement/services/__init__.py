"""Use cases of settlement, one file a noun, one function a use case."""
