"""Database guards of relations between organisations."""

from __future__ import annotations

import pgtrigger

from marketplace.kernel.permissions import Permission

from .acting import acts_now, holders

STANDS = """(SELECT FROM public.participants_organisationrelation r
        WHERE r.ended_at IS NULL AND ((r.organisation_id, r.related_id) = ({one}, {other})
           OR (r.organisation_id, r.related_id) = ({other}, {one})))"""
"""A relation between two organisations (keys) that stands, in SQL after EXISTS."""


def relation_stated_rightly() -> pgtrigger.Trigger:
    """A relation begins standing; a person of the organisation declares it, one of the operator finds it.

    Two of the operator find one to itself, with the digest of a document, because it bars the organisation from trading. None is
    stated of the operator, which would bar the other by one person.
    """
    own = acts_now(
        "NEW.stated_by",
        holds=holders(Permission.ORGANISATION_WRITE),
        organisation="o.id = NEW.organisation_id",
    )
    of_operator = "EXISTS (SELECT FROM public.participants_organisation t WHERE t.id = NEW.organisation_id AND t.is_operator)"
    staff = acts_now("NEW.stated_by", holds=holders(Permission.ADMISSION_WRITE))
    colleague = acts_now("NEW.first_person", holds=holders(Permission.ADMISSION_WRITE), proved=False)
    return pgtrigger.Trigger(
        name="relation_stated_rightly",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
IF NEW.ended_at IS NOT NULL OR {of_operator}
   OR NOT (NEW.source = 'declared' AND {own} OR NEW.source = 'found' AND {staff}) THEN
    RAISE EXCEPTION '% states no relation of this organisation now', NEW.stated_by
        USING ERRCODE = 'check_violation', CONSTRAINT = 'relation_stated_rightly';
END IF;
IF NEW.source = 'found' AND EXISTS (
       SELECT FROM public.participants_organisation t WHERE t.id = NEW.related_id AND t.is_operator)
   AND (NEW.document_sha256 = '' OR NEW.first_person = NEW.stated_by OR NOT {colleague}) THEN
    RAISE EXCEPTION 'two people of the operator, with a document, state that an organisation is its affiliate'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'affiliate_by_two';
END IF;
RETURN NULL;
""",
    )


TO_OPERATOR = """EXISTS (SELECT FROM public.participants_organisationrelation r
             JOIN public.participants_organisation t ON t.id = r.related_id
            WHERE r.organisation_id = o.id AND r.ended_at IS NULL AND t.is_operator)"""
"""Whether a relation of the organisation ``o`` to the operator stands."""


def _affiliate_by_relation(name: str, organisation: str, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    """When the transaction ends, an organisation is the operator's affiliate exactly while a relation to it stands.

    The organisation's row is locked, so that of two transactions the later sees what the earlier did.
    """
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
        func=f"""
PERFORM FROM public.participants_organisation o WHERE o.id = {organisation} FOR NO KEY UPDATE;
IF EXISTS (SELECT FROM public.participants_organisation o
            WHERE o.id = {organisation} AND o.operator_affiliate <> {TO_OPERATOR}) THEN
    RAISE EXCEPTION 'who is related to the operator is its affiliate, and nobody else is'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
END IF;
RETURN NULL;
""",
    )


def related_to_operator() -> pgtrigger.Trigger:
    """An organisation is an affiliate from the first relation to the operator to the end of the last."""
    return _affiliate_by_relation(
        "related_to_operator", "NEW.organisation_id", pgtrigger.Insert | pgtrigger.UpdateOf("ended_at")
    )


def affiliate_by_relation() -> pgtrigger.Trigger:
    """Nobody writes that an organisation is an affiliate, or is none, past its relations."""
    return _affiliate_by_relation(
        "affiliate_by_relation", "NEW.id", pgtrigger.Insert | pgtrigger.UpdateOf("operator_affiliate")
    )
