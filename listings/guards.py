"""Database guards of this application: listings, versions, files and offers."""

from __future__ import annotations

from pathlib import Path

import pgtrigger
from django.db.models import Q

from marketplace.kernel.guards import sql_body, sql_list

from .states import NEVER_FOR_SALE, PENDING_VERSIONS, VersionState

_SQL = Path(__file__).parent / "sql"

_PENDING = sql_list(sorted(PENDING_VERSIONS))


def described_before_sale(*columns: str) -> pgtrigger.Trigger:
    """A listing's description may change only in preparation, and not while a version of it awaits a decision."""
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    return pgtrigger.Trigger(
        name="described_before_sale",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=sql_body(_SQL / "described_before_sale.sql", CHANGED=changed, PENDING=_PENDING),
    )


def sold_with_version(listing_column: str) -> pgtrigger.Trigger:
    """At commit, a listing that is for sale has a published version; declared on both tables."""
    return pgtrigger.Trigger(
        name="sold_with_version",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        timing=pgtrigger.Deferred,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        func=sql_body(_SQL / "sold_with_version.sql", LISTING_COLUMN=listing_column),
    )


def passes_nothing_on() -> pgtrigger.Trigger:
    """A version is published only if no agreement of its seller prohibits passing on its files or its source.

    The function is made by the application that delivers (``delivery.use_guards``).
    """
    return pgtrigger.Trigger(
        name="passes_nothing_on",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        declare=[("barring", "text")],
        condition=pgtrigger.Q(new__state=VersionState.PUBLISHED.value)
        & ~pgtrigger.Q(old__state=VersionState.PUBLISHED.value),
        func=sql_body(_SQL / "passes_nothing_on.sql"),
    )


def settled_decision() -> pgtrigger.Trigger:
    """The decision on a version never changes."""
    return pgtrigger.Trigger(
        name="settled_decision",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=sql_body(_SQL / "settled_decision.sql", PENDING=_PENDING),
    )


def complete_when_submitted() -> pgtrigger.Trigger:
    """A submitted version has a file and an offer."""
    return pgtrigger.Trigger(
        name="complete_when_submitted",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=sql_body(_SQL / "complete_when_submitted.sql", PENDING=_PENDING),
    )


def lawful_when_published() -> pgtrigger.Trigger:
    """No version of pseudonymised information is ever published, whatever the rules decide (the Act, 41(6), 42(1))."""
    return pgtrigger.Trigger(
        name="lawful_when_published",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=sql_body(_SQL / "lawful_when_published.sql", NEVER_FOR_SALE=sql_list(sorted(NEVER_FOR_SALE))),
    )


def usable_when_published() -> pgtrigger.Trigger:
    """No version is published whose rights of use would end before they are paid for, or before the last charge has run."""
    return pgtrigger.Trigger(
        name="usable_when_published",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=sql_body(_SQL / "usable_when_published.sql"),
    )


def added_in_draft() -> pgtrigger.Trigger:
    """Files and offers are added to a version only while it is in preparation."""
    return pgtrigger.Trigger(
        name="added_in_draft",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "added_in_draft.sql"),
    )


def sold_while_admitted() -> pgtrigger.Trigger:
    """No listing comes to sale, or back to it, of a seller whose admission to its segment has ended by time."""
    return pgtrigger.Trigger(
        name="sold_while_admitted",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func="""
IF NEW.state = 'on_sale' AND OLD.state <> 'on_sale'
   AND public.admission_ran_out(NEW.seller_id, NEW.segment, 'seller') THEN
    RAISE EXCEPTION 'the admission of the seller of % to % has ended', NEW.public_id, NEW.segment
        USING ERRCODE = 'check_violation', CONSTRAINT = 'sold_while_admitted';
END IF;
RETURN NEW;
""",
    )


def rights_usable(column: str) -> Q:
    """The condition on rights in a JSON column: a transfer includes the right to sell, and a period is longer than zero."""
    is_unsold = Q(**{f"{column}__contract_type": "transfer", f"{column}__onward_transfer": "prohibited"})
    return ~is_unsold & (Q(**{f"{column}__duration": None}) | Q(**{f"{column}__duration__regex": "[1-9]"}))
