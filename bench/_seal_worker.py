"""The measured process of the sealing benchmark: it seals what waits, or signs a checkpoint, as a worker does.

Prints one line of JSON: the seconds, the peak of its memory in MB, and how many records it sealed or the tree has.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from typing import Any

import django

SAMPLE = 100
SECONDS_MAX = 300.0


def main() -> None:
    """Work on the database named by the environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["seal", "checkpoint"])
    arguments = parser.parse_args()
    django.setup()
    print(json.dumps(seal() if arguments.task == "seal" else checkpoint()))


def seal() -> dict[str, Any]:
    """Seal everything that waits."""
    # deferred: Django set up
    from marketplace.evidence.queries import count_unsealed
    from marketplace.evidence.services import seal_until_caught_up

    begun = time.perf_counter()
    sealed = seal_until_caught_up(seconds_max=SECONDS_MAX)
    seconds = time.perf_counter() - begun
    if count_unsealed():
        raise RuntimeError(f"{count_unsealed()} records are not sealed after {seconds:.0f} s")
    return {"sealed": sealed, "seconds": round(seconds, 3), "rss_mb": peak_mb()}


def checkpoint() -> dict[str, Any]:
    """Sign a checkpoint; afterwards compare a sample of leaf hashes with the records."""
    # deferred: Django set up
    from marketplace.evidence import services
    from marketplace.evidence.entries import commitment_of
    from marketplace.evidence.models import Leaf
    from marketplace.evidence.public_entries import public_entry
    from marketplace.evidence.queries import read_tile
    from marketplace.kernel.merkle import HASH_BYTES, leaf_hash
    from marketplace.kernel.tiles import TILE_WIDTH, TilePlace

    begun = time.perf_counter()
    mark = services.checkpoint()
    seconds, peak = time.perf_counter() - begun, peak_mb()
    if mark is None:
        raise RuntimeError("nothing is sealed")
    for index in random.sample(range(mark.size), min(SAMPLE, mark.size)):
        record = Leaf.objects.select_related("record").get(index=index).record
        hashes = read_tile(TilePlace(0, index // TILE_WIDTH))
        at = index % TILE_WIDTH * HASH_BYTES
        if hashes[at : at + HASH_BYTES] != leaf_hash(public_entry(commitment_of(record))):
            raise RuntimeError(f"the loaded hash of leaf {index} is not that of its record")
    return {"size": mark.size, "seconds": round(seconds, 3), "rss_mb": peak}


def peak_mb() -> float:
    """The peak of this process's resident memory."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


if __name__ == "__main__":
    main()
