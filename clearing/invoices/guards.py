"""Guards of invoices, and of the notices by which the operator issues them for sellers."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from .stated_tax import wrongly_taxed

_SQL = Path(__file__).parent / "sql"


def invoice_numbers_without_gap() -> pgtrigger.Trigger:
    """The numbers of an issuer are 1, 2, 3, … without a gap at the end of each statement."""
    return pgtrigger.Trigger(
        name="numbers_without_gap",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "invoice_numbers_without_gap.sql"),
    )


def corrected_alike() -> pgtrigger.Trigger:
    """An invoice that replaces another has the same parties, purpose and amounts: only words are corrected."""
    return pgtrigger.Trigger(
        name="corrected_alike",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "corrected_alike.sql"),
    )


def taxed_as_published() -> pgtrigger.Trigger:
    """An invoice states the amounts of its supplies, at rates of tax that a rulebook has published."""
    return pgtrigger.Trigger(
        name="taxed_as_published",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "taxed_as_published.sql", WRONGLY_TAXED=wrongly_taxed("new_rows")),
    )


def withdrawn_by_its_giver() -> pgtrigger.Trigger:
    """A withdrawal names a notice, not another withdrawal, of the same organisation; it does not precede the notice."""
    return pgtrigger.Trigger(
        name="withdrawn_by_its_giver",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "withdrawn_by_its_giver.sql"),
    )
