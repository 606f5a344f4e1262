"""A kind of document for tests of rendering by jobs."""
