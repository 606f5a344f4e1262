"""Public figures over the whole market: made on beat, so that no request reads the whole market for its caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache

from marketplace.kernel import clock


@dataclass(frozen=True)
class Figures:
    """Figures called ``name`` that ``compute`` reads from the database as a JSON object.

    Beat calls ``make``. Between, ``read`` gives the figures made last with ``made_at``, the real time of their making
    (ISO 8601); it makes them itself only where there are none yet, or no cache.
    """

    name: str
    compute: Callable[[], dict[str, Any]]

    @property
    def cache_key(self) -> str:
        """Where the figures made last are kept."""
        return f"figures:{self.name}"

    def make(self) -> dict[str, Any]:
        """Make the figures now, keep and return them."""
        figures = {**self.compute(), "made_at": clock.real_now().isoformat()}
        cache.set(self.cache_key, figures, timeout=None)
        return figures

    def read(self) -> dict[str, Any]:
        """The figures made last."""
        kept: dict[str, Any] | None = cache.get(self.cache_key)
        return self.make() if kept is None else kept
