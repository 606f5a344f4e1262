"""Database guards of cycles."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.actors import PERSON_PREFIX
from marketplace.kernel.guards import sql_body, sql_list

from .states import PARTS_OF_STEP, CycleState

_SQL = Path(__file__).parent / "sql"


def numbers_without_gap() -> pgtrigger.Trigger:
    """The cycle before a new one, in its currency, exists: numbers run 1, 2, 3, …"""
    return pgtrigger.Trigger(
        name="numbers_without_gap",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "numbers_without_gap.sql"),
    )


def paused_cycle_keeps_its_state() -> pgtrigger.Trigger:
    """A paused cycle stays in its state until the operator resumes it."""
    return pgtrigger.Trigger(
        name="paused_cycle_keeps_its_state",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=sql_body(_SQL / "paused_cycle_keeps_its_state.sql"),
    )


def released_by_another() -> pgtrigger.Trigger:
    """Who paused a cycle stays named while it is paused, and another person releases it."""
    return pgtrigger.Trigger(
        name="released_by_another",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("paused_since", "paused_by", "paused_responsible", "released_by"),
        func=sql_body(_SQL / "released_by_another.sql", PERSON=f"{PERSON_PREFIX}_"),
    )


def calendar_by_two(approved: str) -> pgtrigger.Trigger:
    """Two people change the calendar, in the words that they approved: ``approved`` is SQL about ``{row}``."""
    return pgtrigger.Trigger(
        name="calendar_by_two",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "calendar_by_two.sql", APPROVED=approved.format(row="NEW")),
    )


def cut_off_when_closed() -> pgtrigger.Trigger:
    """The cut-off that a cycle is closed for is recorded when it is closed, and at no other moment."""
    return pgtrigger.Trigger(
        name="cut_off_when_closed",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=sql_body(_SQL / "cut_off_when_closed.sql"),
    )


def under_a_regime() -> pgtrigger.Trigger:
    """Clearing in a currency begins only where a funds regime is in force; declarations are never taken back."""
    return pgtrigger.Trigger(
        name="under_a_regime",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "under_a_regime.sql"),
    )


def part_goes_on() -> pgtrigger.Trigger:
    """A part of a step goes forward only, and never changes once it has ended."""
    return pgtrigger.Trigger(
        name="part_goes_on",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=sql_body(_SQL / "part_goes_on.sql"),
    )


def step_is_whole() -> pgtrigger.Trigger:
    """A cycle leaves a step that is done in chunks only after the last chunk."""
    return pgtrigger.Trigger(
        name="step_is_whole",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Q(old__state="validated", new__state="netted", new__netted_at__isnull=False)
        | pgtrigger.Q(old__state="netted", new__state="posted", new__posted_at__isnull=False)
        | pgtrigger.Q(old__state="posted", new__state="settling"),
        declare=[("lacking", "text")],
        func=sql_body(
            _SQL / "step_is_whole.sql", SETTLING_PARTS=sql_list(PARTS_OF_STEP[CycleState.SETTLING])
        ),
    )


def entry_names_cycle() -> pgtrigger.Trigger:
    """The cycle that an entry names exists; cycles are never deleted. All entries that clear it are booked at one moment.

    A guard of entries that reads cycles, so it is declared here and registered on the ledger's table.
    """
    return pgtrigger.Trigger(
        name="entry_names_cycle",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record"), ("named", "record"), ("began", "timestamptz")],
        func=sql_body(_SQL / "entry_names_cycle.sql"),
    )
