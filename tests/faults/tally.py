"""What was hit, and how often: the campaign's table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.faults.faults import Fault, Verdict
from tests.faults.kill_points import POINTS
from tests.faults.tripwire import STOP
from tests.faults.workers import CHILD, GROUP, SOLO

WORKERS = """Every worker is the market's Celery worker, consuming from Redis, killed by SIGKILL or stopped by SIGSTOP:
  solo   one process, forked from a parent that had loaded the market; all of it is killed
  child  two pool processes under a main process, forked likewise; the one at work is killed
  group  the same; main process and pool are killed together
The trading day (test_day.py) kills workers that were started cold, with beat, from the command line."""


@dataclass
class Tally:
    """Counts of a session."""

    seed: int = 0
    points: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)

    def add(self, fault: Fault, verdict: Verdict) -> None:
        """Count a fault that was survived."""
        self.families[fault.family] += verdict.happened
        if any(strike.action == STOP for strike in fault.strikes):
            return
        for step, position in verdict.struck:
            self.points[step, position, str(fault.worker)] += 1

    def missed(self) -> list[str]:
        """Kill points that were never hit."""
        hit = {(step, position) for step, position, _ in self.points}
        return [str(point) for point in POINTS if (point.step, point.position) not in hit]

    def table(self) -> str:
        """All of it, to be read."""
        lines = [f"seed {self.seed}", WORKERS, "", "solo child group   kill point"]
        for point in POINTS:
            counts = [self.points[point.step, point.position, str(kind)] for kind in (SOLO, CHILD, GROUP)]
            lines.append("{:4d} {:5d} {:5d}  {}".format(*counts, point))
        lines += ["", "faults survived"]
        lines += [f"{count:5d}  {family}" for family, count in sorted(self.families.items())]
        lines.append(f"{self.families.total():5d}  in all")
        return "\n".join(lines)


TALLY = Tally()
"""Of this session."""

MISDEEDS: Counter[str] = Counter()
"""What the bank outside did in this session's campaign, how often."""


def table_of_misdeeds() -> str:
    """All of it, to be read."""
    return "\n".join(f"{count:5d}  {what}" for what, count in sorted(MISDEEDS.items()))
