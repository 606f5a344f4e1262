"""Addresses of tiles as C2SP ``tlog-tiles`` writes them. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from marketplace.kernel.tiles import TILE_WIDTH

LEVELS_MAX = 8
_PLACE = re.compile(
    r"(?P<level>entries|0|[1-9])/(?P<number>[0-9]{3}|x(?!000)[0-9]{3}(?:/x[0-9]{3}){0,3}/[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class TileRequest(NamedTuple):
    """The tile that an address names: ``level`` None is for entries; the first ``width`` of what it has."""

    level: int | None
    number: int
    width: int


def read_tile_path(path: str) -> TileRequest | None:
    """What ``<level>/<index>[.p/<width>]`` names; None if it is not written in the one way that is right."""
    found = _PLACE.fullmatch(path)
    if found is None:
        return None
    level = None if found["level"] == "entries" else int(found["level"])
    width = TILE_WIDTH if found["width"] is None else int(found["width"])
    if (level is not None and level >= LEVELS_MAX) or width > TILE_WIDTH:
        return None
    if found["width"] is not None and width == TILE_WIDTH:
        return None
    return TileRequest(level, int(found["number"].replace("x", "").replace("/", "")), width)
