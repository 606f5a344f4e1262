"""Writes down what the claims of the workers took: a line a claim, a file a process."""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from typing import TextIO

from django.apps import AppConfig

FOLDER = "PIPE_PROBE_FOLDER"
"""The environment's name for the folder of the files; without it nothing is written."""


class PipeProbeConfig(AppConfig):
    """Measures claims where they are made."""

    name = "bench.pipe_probe"
    label = "pipe_probe"

    def ready(self) -> None:
        """Measure the claims of this process and of its children."""
        if FOLDER in os.environ:
            measure_claims()


def measure_claims() -> None:
    """Have every claim write when it ended (real time), how many seconds it took, and how many entries it gave."""
    from marketplace.events.claiming import Claimed, Claimer  # deferred: loaded applications

    claim = Claimer.claim

    def measured(claimer: Claimer) -> list[Claimed]:
        began = time.perf_counter()
        claimed = claim(claimer)
        print(
            time.time(),
            time.perf_counter() - began,
            len(claimed),
            file=file_of("claims", os.getpid()),
            flush=True,
        )
        return claimed

    Claimer.claim = measured  # type: ignore[method-assign]


@cache
def file_of(name: str, process: int) -> TextIO:
    """The file in which a process writes one kind of figures."""
    return (Path(os.environ[FOLDER]) / f"{name}-{process}").open("a", encoding="ascii")
