"""The causes of journal entries: the kind of an entry says in which table its cause stands, and what it moves.

``Entry.cause`` is the public identifier of the row that caused the entry. A room that keeps such rows declares a
``Cause`` beside its guards. One text of SQL states what an entry moves: the database refuses an entry that moves anything
else, and ``check_invariants`` names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pgtrigger

from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import Check, by_query
from marketplace.kernel.moments import LATE_SECONDS_MAX

from .states import EntryKind

CAUSES: dict[EntryKind, Cause] = {}
"""The cause of every kind of entry; a test holds it complete."""


@dataclass(frozen=True)
class Cause:
    """What entries of ``kinds`` follow from: a row of ``table``.

    ``lines`` is SQL that selects the lines of an entry ``e`` from that row, as ``caused_at, line, debit, debit_of, credit,
    credit_of, amount_minor, currency``: accounts are kinds with the organisation that has them, null for the market. It
    selects nothing where the row is missing or does not cause such an entry. ``when_posted`` is a condition on ``e`` that
    holds when the entry is posted, and need not hold later. ``at_commit``: the entry is compared at the end of its
    transaction, because the row is written after it.
    """

    kinds: Sequence[EntryKind]
    table: str
    lines: str
    when_posted: str = "true"
    at_commit: bool = False

    def __post_init__(self) -> None:
        """Register the cause of its kinds; raises ValueError if a kind has one."""
        for kind in self.kinds:
            if kind in CAUSES:
                raise ValueError(f"entries of kind {kind} have two causes")
            CAUSES[kind] = self

    def guard(self, name: str) -> pgtrigger.Trigger:
        """The guard of entries: each has a cause, is not booked before it, and moves what follows from it."""
        if self.at_commit:
            return pgtrigger.Trigger(
                name=name,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__kind__in=[kind.value for kind in self.kinds]),
                declare=[("fault", "record")],
                func=self._refusal("(SELECT NEW.*)"),
            )
        return pgtrigger.Trigger(
            name=name,
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            referencing=pgtrigger.Referencing(new="new_rows"),
            declare=[("fault", "record")],
            func=f"""
                IF NOT EXISTS (SELECT FROM new_rows WHERE kind IN ({sql_list(self.kinds)})) THEN
                    RETURN NULL;
                END IF;
                {self._refusal("new_rows")}
            """,
        )

    def check(self) -> Check:
        """The check of all entries of these kinds: its breaches name those without their cause."""
        return by_query(f"SELECT e.reference, e.kind {self._faulty('public.clearing_entry')}")

    def _refusal(self, entries: str) -> str:
        return f"""
            SELECT e.reference INTO fault {self._faulty(entries, f"OR NOT ({self.when_posted})")} LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'entry % does not follow from a cause', fault.reference
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """  # noqa: S608  our own words

    def _faulty(self, entries: str, further: str = "") -> str:
        """The entries that do not follow from their cause; each row is looked up by key, so that the planner never joins
        a few entries with a whole history. A leg of the cause counts for its entry, one that is posted against it. A union
        makes two legs of a line, not ``VALUES``, whose expressions PostgreSQL prepares anew for every line."""
        return f"""
            FROM {entries} e
            CROSS JOIN LATERAL (
                SELECT max(at) AS caused_at, coalesce(bool_or(difference <> 0), false) AS differs FROM (
                    SELECT sum(n) AS difference, max(at) AS at FROM (
                        SELECT l.line, v.kind, v.owner, v.amount_minor, l.currency, 1 AS n, l.caused_at AS at
                          FROM ({self.lines}) l
                         CROSS JOIN LATERAL (
                            SELECT l.debit AS kind, l.debit_of AS owner, l.amount_minor
                            UNION ALL SELECT l.credit, l.credit_of, -l.amount_minor) v
                        UNION ALL
                        SELECT p.line, a.kind, a.organisation_id, p.amount_minor, p.currency, -1, NULL
                          FROM public.clearing_posting p
                         CROSS JOIN LATERAL (
                            SELECT kind, organisation_id FROM public.clearing_account WHERE id = p.account_id OFFSET 0) a
                         WHERE p.entry_id = e.id
                    ) legs(line, kind, owner, amount_minor, currency, n, at)
                     GROUP BY amount_minor, line, kind, owner, currency
                ) leg
            ) compared
            WHERE e.kind IN ({sql_list(self.kinds)})
              AND (differs OR e.booked_at < caused_at - interval '{LATE_SECONDS_MAX} seconds' {further})
        """  # noqa: S608  our own words
