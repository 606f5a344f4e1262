"""The schemas of all events, as pure dataclasses: one module per emitting application."""
