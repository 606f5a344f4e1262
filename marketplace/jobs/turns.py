"""Whose turn it is on a queue: organisations take turns, at the same cost however many jobs wait.

From the organisation that had the last turn here, the next ``ORGANISATIONS_READ_MAX`` with queued jobs are read, each by one
look into an index; of those with a job that is due, the one with the fewest running has the turn, the first of them if
several have as few. The next turn goes on behind it, and begins again after the last.
"""

from __future__ import annotations

from django.db import connection

from .states import JobState

ORGANISATIONS_READ_MAX = 50

# Each step of the recursion is one look into the index; the limit ends it.
WAITING = f"""
    WITH RECURSIVE waiting AS (
        (SELECT organisation FROM jobs_job
          WHERE queue = %(queue)s AND state = '{JobState.QUEUED}' AND organisation > %(after)s
          ORDER BY organisation LIMIT 1)
        UNION ALL
        SELECT following.organisation
          FROM waiting w CROSS JOIN LATERAL (
               SELECT organisation FROM jobs_job
                WHERE queue = %(queue)s AND state = '{JobState.QUEUED}' AND organisation > w.organisation
                ORDER BY organisation LIMIT 1) following
    )
    SELECT w.organisation,
           EXISTS (SELECT FROM jobs_job d
                    WHERE d.queue = %(queue)s AND d.state = '{JobState.QUEUED}' AND d.organisation = w.organisation
                      AND d.due_at <= clock_timestamp()),
           (SELECT count(*) FROM jobs_job r
             WHERE r.queue = %(queue)s AND r.state = '{JobState.RUNNING}' AND r.organisation = w.organisation)
      FROM (SELECT organisation FROM waiting LIMIT %(most)s) w
"""  # noqa: S608  our own words

# Before every identifier; the jobs of no organisation are the first.
_BEFORE_ALL = ""
_last: dict[str, str] = {}
"""The organisation that had the last turn of a queue in this process; only a hint, so that another begins where it likes."""


def organisation_in_turn(queue: str) -> str | None:
    """The organisation whose due jobs of ``queue`` are next; None if none of those that were read has one that is due."""
    read = _read(queue, _last.get(queue, _BEFORE_ALL), ORGANISATIONS_READ_MAX)
    if len(read) < ORGANISATIONS_READ_MAX:
        seen = {organisation for organisation, _, _ in read}
        again = _read(queue, None, ORGANISATIONS_READ_MAX - len(read))
        read += [row for row in again if row[0] not in seen]
    if not read:
        return None
    due = [
        (running, place, organisation) for place, (organisation, is_due, running) in enumerate(read) if is_due
    ]
    _last[queue] = min(due)[2] if due else read[-1][0]
    return _last[queue] if due else None


def _read(queue: str, after: str | None, most: int) -> list[tuple[str, bool, int]]:
    """Organisations behind ``after`` with queued jobs, whether one is due, and how many run; from the first, if None."""
    statement = (
        WAITING if after is not None else WAITING.replace("organisation > %(after)s", "organisation >= ''")
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"queue": queue, "after": after, "most": most})
        rows: list[tuple[str, bool, int]] = cursor.fetchall()
    return rows
