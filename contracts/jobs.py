"""Jobs of contracts: rendering a large agreement (``rendering``), and ending what cannot go on (``services.obstructed``)."""

from .document.rendering import AGREEMENT
from .services.obstructed import END_OBSTRUCTED

__all__ = ["AGREEMENT", "END_OBSTRUCTED"]
