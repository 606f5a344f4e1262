"""Public figures are made on beat, and read without making them."""

from __future__ import annotations

from django.core.cache import cache

from marketplace.api.figures import Figures


def test_figures_are_made_once_and_read_with_their_age():
    made: list[int] = []

    def compute() -> dict[str, int]:
        made.append(1)
        return {"count": len(made)}

    figures = Figures("test", compute)
    cache.delete(figures.cache_key)
    first = figures.read()
    assert (first["count"], figures.read(), len(made)) == (1, first, 1)
    again = figures.make()
    assert (again["count"], figures.read()) == (2, again)
    assert again["made_at"] > first["made_at"]
    cache.delete(figures.cache_key)


def test_without_a_cache_figures_are_made_for_each_request(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "marketplace.kernel.caching.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    figures = Figures("test", lambda: {"count": 3})
    assert figures.read()["count"] == 3
