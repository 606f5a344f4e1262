"""Database guards of the clause on law: what is recorded as unlawful is so, nothing unlawful is signed, and grace is kept."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.guards import sql_body
from marketplace.rules.parameters import PARAMETERS

from ..library.guards import is_unmet
from .states import GRACE

_SQL = Path(__file__).parent / "sql"
LAW = """(SELECT coalesce(r.document -> 'unlawful_terms', '[]') FROM public.rules_rulebook r
      WHERE r.effective_from <= {moment} ORDER BY r.number DESC LIMIT 1)"""
"""The unlawful terms by the rulebook in force at a moment, in SQL; NULL without one."""
HOLDS = "(NOT l.e ? 'segments' OR l.e -> 'segments' ? {segment}::text)"
"""Whether an entry ``l.e`` holds in a segment (SQL)."""


def is_unlawful(entry: str, terms: str) -> str:
    """Whether terms (JSON in SQL) break an entry of the unlawful terms (JSON in SQL)."""
    value = f"({terms} #> string_to_array({entry} ->> 'term', '.'))"
    above = f"(CASE jsonb_typeof({value}) WHEN 'number' THEN {value}::numeric > ({entry} ->> 'at_most')::numeric END)"
    return f"({is_unmet(f'jsonb_build_array({entry})', terms)} OR coalesce({above}, false))"


def breaks_law(terms: str, segment: str, moment: str) -> str:
    """Whether terms (JSON in SQL) break the law of a segment at a moment."""
    return f"""EXISTS (
    SELECT FROM jsonb_array_elements({LAW.format(moment=moment)}) AS l(e)
     WHERE {HOLDS.format(segment=segment)} AND {is_unlawful("l.e", terms)})"""


def unlawful_by_rulebook() -> pgtrigger.Trigger:
    """What is recorded is of an agreement in force whose terms break an entry of the rulebook in force, with its days of grace.

    The agreement's row is locked until the transaction ends.
    """
    return pgtrigger.Trigger(
        name="unlawful_by_rulebook",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("a", "record"), ("r", "record")],
        func=sql_body(
            _SQL / "unlawful_by_rulebook.sql",
            GRACE=GRACE,
            GRACE_DEFAULT=PARAMETERS[GRACE].default,
            HOLDS=HOLDS.format(segment="a.segment"),
            UNLAWFUL=is_unlawful("l.e", "(public.signed_in_force(a.id, NEW.amend_by) -> 'terms')"),
        ),
    )


def settled_as_law_says() -> pgtrigger.Trigger:
    """A record is over by an amendment that takes effect in time, by a later rulebook, or with the agreement."""
    return pgtrigger.Trigger(
        name="settled_as_law_says",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        declare=[("a", "record"), ("entry", "jsonb")],
        func=sql_body(
            _SQL / "settled_as_law_says.sql",
            LAW=LAW.format(moment="public.business_now()"),
            HOLDS=HOLDS.format(segment="a.segment"),
            UNLAWFUL=is_unlawful("entry", "(public.signed_in_force(a.id, NEW.amend_by) -> 'terms')"),
        ),
    )


def examined_as_found() -> pgtrigger.Trigger:
    """An examination is of a rulebook in force that makes terms unlawful, or an earlier one did, and counts the records that it opened."""
    return pgtrigger.Trigger(
        name="examined_as_found",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NOT EXISTS (SELECT FROM public.rules_rulebook r WHERE r.id = NEW.rulebook_id AND r.effective_from <= public.business_now()
                AND (coalesce(r.document -> 'unlawful_terms', '[]') <> '[]'
                     OR EXISTS (SELECT FROM public.contracts_lawadjustment w WHERE w.rulebook_id < r.id)))
   OR NEW.found <> (SELECT count(*) FROM public.contracts_lawadjustment w WHERE w.rulebook_id = NEW.rulebook_id) THEN
    RAISE EXCEPTION 'an examination counts what it found under a rulebook in force that makes terms unlawful, or an earlier one did'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'examined_as_found';
END IF;
RETURN NEW;
""",
    )


def lawful_when_signed() -> pgtrigger.Trigger:
    """Nobody signs terms that the rulebook in force makes unlawful."""
    return pgtrigger.Trigger(
        name="lawful_when_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF EXISTS (SELECT FROM public.contracts_instrument i JOIN public.contracts_negotiation n ON n.id = i.negotiation_id
            WHERE i.id = NEW.instrument_id AND {breaks_law("(i.content::jsonb -> 'terms')", "n.segment", "public.business_now()")}) THEN
    RAISE EXCEPTION 'a term of what is signed is unlawful by the rulebook in force'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'lawful_when_signed';
END IF;
RETURN NEW;
""",
    )


OVERDUE = """EXISTS (
    SELECT FROM public.contracts_lawadjustment w
     WHERE w.id = {ending}.law_adjustment_id AND w.agreement_id = {ending}.agreement_id AND w.amend_by <= {moment}
       AND (w.state = 'open' OR w.closed_at >= {moment}))"""
"""Whether an ending (a row in SQL) is of an unlawful term whose grace was over at a moment."""


def ended_after_grace() -> pgtrigger.Trigger:
    """The market ends an agreement by itself only for a term that is unlawful after its days of grace."""
    return pgtrigger.Trigger(
        name="ended_after_grace",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF (NEW.law_adjustment_id IS NOT NULL) <> (NEW.proposed_by = '{SYSTEM.identifier}')
   OR NEW.law_adjustment_id IS NOT NULL AND NOT {OVERDUE.format(ending="NEW", moment="public.business_now()")} THEN
    RAISE EXCEPTION 'the market ends an agreement by law after the days of grace'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_after_grace';
END IF;
RETURN NEW;
""",
    )
