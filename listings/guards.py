"""Database guards of this application: listings, versions, files and offers."""

from __future__ import annotations

from collections.abc import Iterable

import pgtrigger

from .states import NEVER_FOR_SALE, PENDING_VERSIONS

CHECK_VIOLATION = "USING ERRCODE = 'check_violation'"


def _quote(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(map(str, values)))


def described_before_sale(*columns: str) -> pgtrigger.Trigger:
    """A listing's description may change only in preparation, and not while a version of it awaits a decision."""
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    return pgtrigger.Trigger(
        name="described_before_sale",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
            IF ({changed}) AND (OLD.state <> 'draft' OR EXISTS (
                SELECT FROM listings_listingversion
                WHERE listing_id = OLD.id AND state IN ({_quote(PENDING_VERSIONS)})
            )) THEN
                RAISE EXCEPTION 'what was judged and published of a listing cannot be changed' {CHECK_VIOLATION};
            END IF;
            RETURN NEW;
        """,
    )


def _sold_with_version(listing: str) -> str:
    return f"""
        IF EXISTS (SELECT FROM listings_listing WHERE id = {listing} AND state = 'on_sale')
           AND NOT EXISTS (
               SELECT FROM listings_listingversion WHERE listing_id = {listing} AND state = 'published'
           ) THEN
            RAISE EXCEPTION 'a listing on sale needs a published version' {CHECK_VIOLATION};
        END IF;
        RETURN NULL;
    """  # noqa: S608


def sold_with_version(listing_column: str) -> pgtrigger.Trigger:
    """At commit, a listing that is for sale has a published version; declared on both tables."""
    return pgtrigger.Trigger(
        name="sold_with_version",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        timing=pgtrigger.Deferred,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        func=_sold_with_version(f"NEW.{listing_column}"),
    )


def settled_decision() -> pgtrigger.Trigger:
    """The decision on a version never changes."""
    return pgtrigger.Trigger(
        name="settled_decision",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
            IF OLD.state NOT IN ('draft', {_quote(PENDING_VERSIONS)}) AND (
                NEW.decision IS DISTINCT FROM OLD.decision
                OR NEW.decision_reason IS DISTINCT FROM OLD.decision_reason
                OR NEW.decided_at IS DISTINCT FROM OLD.decided_at
            ) THEN
                RAISE EXCEPTION 'the decision over a version cannot be changed' {CHECK_VIOLATION};
            END IF;
            RETURN NEW;
        """,
    )


def complete_when_submitted() -> pgtrigger.Trigger:
    """A submitted version has a file and an offer."""
    return pgtrigger.Trigger(
        name="complete_when_submitted",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=f"""
            IF NEW.state IN ({_quote(PENDING_VERSIONS)}, 'published') AND NOT (
                EXISTS (SELECT FROM listings_distribution WHERE version_id = NEW.id)
                AND EXISTS (SELECT FROM listings_offer WHERE version_id = NEW.id)
            ) THEN
                RAISE EXCEPTION 'a version needs a file and an offer' {CHECK_VIOLATION};
            END IF;
            RETURN NEW;
        """,  # noqa: S608
    )


def lawful_when_published() -> pgtrigger.Trigger:
    """No version of pseudonymised information is ever published, whatever the rules decide (the Act, 41(6), 42(1))."""
    return pgtrigger.Trigger(
        name="lawful_when_published",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=f"""
            IF NEW.state = 'published' AND EXISTS (
                SELECT FROM listings_listing
                WHERE id = NEW.listing_id AND personal_data_class IN ({_quote(NEVER_FOR_SALE)})
            ) THEN
                RAISE EXCEPTION 'pseudonymised information is never for sale' {CHECK_VIOLATION};
            END IF;
            RETURN NEW;
        """,
    )


def added_in_draft() -> pgtrigger.Trigger:
    """Files and offers are added to a version only while it is in preparation."""
    return pgtrigger.Trigger(
        name="added_in_draft",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
            IF NOT EXISTS (
                SELECT FROM listings_listingversion WHERE id = NEW.version_id AND state = 'draft' FOR SHARE
            ) THEN
                RAISE EXCEPTION 'nothing is added to a version after its preparation' {CHECK_VIOLATION};
            END IF;
            RETURN NEW;
        """,
    )
