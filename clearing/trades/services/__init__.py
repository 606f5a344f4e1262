"""Use cases of trades, one file a noun, one function a use case."""
