"""Use cases of safeguarding, one file a noun, one function a use case."""
