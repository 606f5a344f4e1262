"""The order of processing: by queue, what was received when and processed when, and what overtook it. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from .contributions import ORDER, Processed
from .disclosure import Groups
from .parts import Part, Withheld
from .periods import Period
from .sealing import Seal


def show_order(period: Period, seal: Seal) -> Part:
    """Every queue of a period: each item with how many that were received later were processed earlier."""
    part, groups = Part("order", seal), Groups()
    items = sorted((each for read in ORDER for each in read(period)), key=attrgetter("queue"))
    for each in items:
        for party in each.parties:
            groups.add(each.queue, {"party": party})
    for queue, waiting in groupby(items, key=attrgetter("queue")):
        line = list(waiting)
        why = None if groups.is_large(queue) else Withheld.FEW_PARTIES
        for each, overtaken in zip(line, overtakings(line), strict=True):
            row = {
                "queue": queue,
                "received_at": each.received_at,
                "processed_at": each.processed_at,
                "overtaken_by": overtaken,
            }
            part.add(f"{queue}/{each.item}", row, {**row, "parties": sorted(each.parties)}, why)
    part.sort()
    return part


def overtakings(line: Sequence[Processed]) -> list[int]:
    """For each item, how many of the line were received later than it and processed earlier."""
    found = [0] * len(line)
    latest_first = sorted(range(len(line)), key=lambda at: line[at].received_at, reverse=True)
    processed: list[str] = []
    for _, alike in groupby(latest_first, key=lambda at: line[at].received_at):
        together = list(alike)
        for at in together:
            found[at] = bisect_left(processed, line[at].processed_at)
        for at in together:
            insort(processed, line[at].processed_at)
    return found
