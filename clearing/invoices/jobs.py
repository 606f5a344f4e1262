"""Jobs of invoices: rendering a large one (``rendering``)."""

from .rendering import INVOICE

__all__ = ["INVOICE"]
