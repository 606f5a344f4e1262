"""The process that sends files: a route of its own, and grants for those that come to it from the API."""
