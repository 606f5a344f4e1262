"""Use cases of run, one file a noun, one function a use case."""
