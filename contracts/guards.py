"""Database guards of this application alone: what is agreed is what was signed, by two independent parties."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"


def independent_parties() -> pgtrigger.Trigger:
    """Parties are active, known by their own identifiers, and neither is the market's operator or its affiliate.

    Their rows are held against change until the transaction ends, so neither is suspended or becomes an affiliate
    meanwhile: a suspension waits for what is being written, and then finds it.
    """
    return pgtrigger.Trigger(
        name="independent_parties",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("independent", "integer")],
        func=sql_body(_SQL / "independent_parties.sql"),
    )


def begins_with_proposal() -> pgtrigger.Trigger:
    """At the end of the transaction that opens it, a negotiation has terms."""
    return pgtrigger.Trigger(
        name="begins_with_proposal",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "begins_with_proposal.sql"),
    )


def steps_signed() -> pgtrigger.Trigger:
    """A negotiation is agreed with the seller's signature, verified with both, finalized with its agreement."""
    return pgtrigger.Trigger(
        name="steps_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        declare=[("signers", "text[]")],
        func=sql_body(_SQL / "steps_signed.sql"),
    )


def proposal_in_turn() -> pgtrigger.Trigger:
    """A proposal follows the one before, and is made by the party whose request or offer the negotiation is."""
    return pgtrigger.Trigger(
        name="proposal_in_turn",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("present", "text"), ("latest", "integer")],
        func=sql_body(_SQL / "proposal_in_turn.sql"),
    )


def instrument_whole() -> pgtrigger.Trigger:
    """An instrument is drawn up over the latest proposal, says what it says, and has the hashes of what stands in it.

    The database computes them itself: SHA-256 of the content, and of each text that the content speaks of.
    """
    return pgtrigger.Trigger(
        name="instrument_whole",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("said", "jsonb"), ("n", "record"), ("p", "record")],
        func=sql_body(_SQL / "instrument_whole.sql"),
    )


def signature_of_instrument() -> pgtrigger.Trigger:
    """A party of the negotiation signs the instrument's very hash, in its turn: the seller first."""
    return pgtrigger.Trigger(
        name="signature_of_instrument",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("hash", "text"), ("n", "record")],
        func=sql_body(_SQL / "signature_of_instrument.sql"),
    )


def agreed_as_signed() -> pgtrigger.Trigger:
    """An agreement is made of a verified negotiation, with two signatures over one hash, and says what was signed."""
    return pgtrigger.Trigger(
        name="agreed_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("said", "jsonb"), ("n", "record"), ("signers", "text[]")],
        func=sql_body(_SQL / "agreed_as_signed.sql"),
    )


def concluded_whole() -> pgtrigger.Trigger:
    """At the end of the transaction that makes it, an agreement's negotiation is finalized."""
    return pgtrigger.Trigger(
        name="concluded_whole",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "concluded_whole.sql"),
    )


def disputed_in_force() -> pgtrigger.Trigger:
    """A dispute is opened over an agreement in force."""
    return pgtrigger.Trigger(
        name="disputed_in_force",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("present", "text")],
        func=sql_body(_SQL / "disputed_in_force.sql"),
    )


def within_price() -> pgtrigger.Trigger:
    """Corrections are in the agreement's currency, while it is in force, and never leave less than no price."""
    return pgtrigger.Trigger(
        name="within_price",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("a", "record"), ("returned", "numeric")],
        func=sql_body(_SQL / "within_price.sql"),
    )
