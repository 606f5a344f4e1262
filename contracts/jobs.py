"""Jobs of contracts: rendering a large agreement (``rendering``), and ending what cannot go on (``services.obstructed``),
and finding what law asks of agreements (``law.services``)."""

from .document.rendering import AGREEMENT
from .law.services import EXAMINE
from .services.obstructed import END_OBSTRUCTED

__all__ = ["AGREEMENT", "END_OBSTRUCTED", "EXAMINE"]
