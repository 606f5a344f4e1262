"""Jobs of contracts: rendering a large agreement (``rendering``)."""

from .rendering import AGREEMENT

__all__ = ["AGREEMENT"]
