"""The long fault campaign: the worker is killed again and again at random moments, and the day comes out the same.

Seeded: the seed is printed with each run, and gives the same delays again.
"""

from __future__ import annotations

import random
import threading

import pytest

from marketplace.kernel.invariants import verify_all
from tests.stories.conftest import running_market, without_times_and_identifiers

SEEDS = (1, 2, 3)
KILLS = 4
SECONDS_BETWEEN_MAX = 8.0


def kill_at_random(market, seed: int, over: threading.Event, killed: list[float]) -> None:
    """Kill -9 the worker ``KILLS`` times, after random delays, and start another each time."""
    moments = random.Random(seed)
    for _ in range(KILLS):
        delay = moments.uniform(0.5, SECONDS_BETWEEN_MAX)
        if over.wait(delay):
            return
        market.worker.kill()
        killed.append(delay)
        market.worker.start()


@pytest.mark.campaign
@pytest.mark.parametrize("seed", SEEDS)
def test_a_worker_killed_at_random_leaves_the_same_day(seed, migrated_database, django_db_blocker, tmp_path):
    with django_db_blocker.unblock():
        with running_market(migrated_database, tmp_path / "whole") as market:
            whole = market.run_day()
        with running_market(migrated_database, tmp_path / "struck") as market:
            over, killed = threading.Event(), []
            killer = threading.Thread(target=kill_at_random, args=(market, seed, over, killed))
            killer.start()
            struck = market.run_day()
            over.set()
            killer.join(60)
            print(f"seed {seed}: killed after {[round(delay, 2) for delay in killed]} s")
            assert killed
            assert {name: breaches for name, breaches in verify_all().items() if breaches} == {}
    assert without_times_and_identifiers(struck) == without_times_and_identifiers(whole)
