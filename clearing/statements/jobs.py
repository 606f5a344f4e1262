"""Jobs of statements: rendering a large one (``rendering``)."""

from .rendering import STATEMENT

__all__ = ["STATEMENT"]
