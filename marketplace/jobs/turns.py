"""Whose turn it is on a queue: organisations take turns, at the same cost however many jobs wait.

From the organisation that had the last turn here, the next ``ORGANISATIONS_READ_MAX`` with queued jobs are read, each by one
look into an index; of those with a job that is due, the one with the fewest running has the turn, the first of them if
several have as few. The next turn goes on behind it, and begins again after the last.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from .states import JobState

ORGANISATIONS_READ_MAX = 50

# Each step of a recursion is one look into the index; the limit ends it. First who comes behind, then from the beginning.
_STEPS = f"""
        (SELECT organisation FROM jobs_job
          WHERE queue = %(queue)s AND state = '{JobState.QUEUED}' AND {{within}}
          ORDER BY organisation LIMIT 1)
        UNION ALL
        SELECT following.organisation
          FROM {{name}} w CROSS JOIN LATERAL (
               SELECT organisation FROM jobs_job
                WHERE queue = %(queue)s AND state = '{JobState.QUEUED}' AND organisation > w.organisation
                  AND {{within}}
                ORDER BY organisation LIMIT 1) following
"""  # noqa: S608  our own words
WAITING = f"""
    WITH RECURSIVE behind AS ({_STEPS.format(name="behind", within="organisation > %(after)s")}),
                   before AS ({_STEPS.format(name="before", within="organisation <= %(after)s")})
    SELECT w.organisation,
           EXISTS (SELECT FROM jobs_job d
                    WHERE d.queue = %(queue)s AND d.state = '{JobState.QUEUED}' AND d.organisation = w.organisation
                      AND d.due_at <= clock_timestamp()),
           (SELECT count(*) FROM jobs_job r
             WHERE r.queue = %(queue)s AND r.state = '{JobState.RUNNING}' AND r.organisation = w.organisation)
      FROM ((SELECT organisation FROM behind LIMIT %(most)s)
            UNION ALL
            (SELECT organisation FROM before LIMIT %(most)s) LIMIT %(most)s) w
"""  # noqa: S608  our own words

_last: dict[str, str] = {}
"""The organisation that had the last turn of a queue in this process; only a hint, so that another begins where it likes."""


class Turn(NamedTuple):
    """Whether any job is queued, and the organisation whose due jobs are next: None if that is nobody's, because one alone
    waits, or none of those that were read has a job that is due.
    """

    waits: bool
    organisation: str | None


def next_turn(queue: str) -> Turn:
    """Whose turn it is on ``queue``, in one statement."""
    with connection.cursor() as cursor:
        after = _last.get(queue, "")
        cursor.execute(WAITING, {"queue": queue, "after": after, "most": ORGANISATIONS_READ_MAX})
        read: list[tuple[str, bool, int]] = cursor.fetchall()
    due = [
        (running, place, organisation) for place, (organisation, is_due, running) in enumerate(read) if is_due
    ]
    if read:
        _last[queue] = min(due)[2] if due else read[-1][0]
    return Turn(bool(read), _last[queue] if due and len(read) > 1 else None)
