"""What fifty rules add to loading the facts of an application, decisions a second, and re-screening everybody admitted.

``median_ms`` is the time that a rulebook of ``rules`` rules at one point takes over loading the facts of an application,
at the median; ``decisions_per_second`` counts recorded decisions of one process, each in its own transaction with its
evidence. Re-screening evaluates every standing admission under the rulebook in force by the job's own function, which reports
its progress. More than ``MEDIAN_MS_MAX`` or ``RESCREEN_SECONDS_MAX`` fails the run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import django

RULES = 50
PARTICIPANTS = 10_000
SAMPLE = 400
MEDIAN_MS_MAX = 2.0
RESCREEN_SECONDS_MAX = 60.0
SHOWN_EVERY = 2_000


def main() -> None:
    """Measure and write the figures as JSON to ``--output``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--participants", type=int, default=PARTICIPANTS)
    arguments = parser.parse_args()
    django.setup()
    from bench._many_admissions import admit, rulebook_of  # deferred: Django set up

    rulebook_of(RULES)
    subjects = admit(arguments.participants)
    result: dict[str, Any] = {"rules": RULES, **measure_decisions(subjects[:SAMPLE])}
    result |= rescreened(len(subjects))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
    if result["median_ms"] > MEDIAN_MS_MAX or result["rescreen_seconds"] > RESCREEN_SECONDS_MAX:
        raise SystemExit(1)


def measure_decisions(subjects: list[str]) -> dict[str, float]:
    """The median of loading facts, of evaluating the rules on them, and recorded decisions a second."""
    from marketplace.kernel import clock  # deferred: Django set up
    from marketplace.rules.gathering import gather_facts  # deferred: Django set up
    from marketplace.rules.queries import compiled_in_force  # deferred: Django set up
    from marketplace.rules.services import evaluate  # deferred: Django set up

    now = clock.now()
    _, rules = compiled_in_force(now)
    types = rules.facts_of("admission")
    loading, evaluating = [], []
    for subject in subjects:
        began = time.perf_counter()
        facts = gather_facts(types, "admission", subject, now)
        loaded = time.perf_counter()
        rules.verdict("admission", facts)
        loading.append(loaded - began)
        evaluating.append(time.perf_counter() - loaded)
    began = time.perf_counter()
    for subject in subjects:
        evaluate(point="admission", subject=subject)
    return {
        "median_ms": round(statistics.median(evaluating) * 1_000, 3),
        "loading_median_ms": round(statistics.median(loading) * 1_000, 3),
        "decisions_per_second": round(len(subjects) / (time.perf_counter() - began), 1),
    }


def rescreened(expected: int) -> dict[str, float]:
    """Re-screen everybody under the rulebook in force."""
    from marketplace.rules.queries import rulebook_in_force  # deferred: Django set up
    from marketplace.rules.rescreening.screening import rescreen  # deferred: Django set up

    shown = 0

    def show(done: int, total: int) -> None:
        nonlocal shown
        if done - shown >= SHOWN_EVERY or done == total:
            shown = done
            print(f"re-screened {done:,} of {total:,}", flush=True)

    began = time.perf_counter()
    found = rescreen(rulebook_in_force().public_id, show)
    seconds = time.perf_counter() - began
    if found is None or found.evaluated < expected:
        raise RuntimeError("not everybody was evaluated")
    return {"rescreen_participants": found.evaluated, "rescreen_seconds": round(seconds, 2)}


if __name__ == "__main__":
    main()
