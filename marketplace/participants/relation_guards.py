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

    Two of the operator find one to itself, with the digest of a document, because it bars the organisation from trading.
    """
    own = acts_now(
        "NEW.stated_by",
        holds=holders(Permission.ORGANISATION_WRITE),
        organisation="o.id = NEW.organisation_id",
    )
    staff = acts_now("NEW.stated_by", holds=holders(Permission.ADMISSION_WRITE))
    colleague = acts_now("NEW.first_person", holds=holders(Permission.ADMISSION_WRITE), proved=False)
    return pgtrigger.Trigger(
        name="relation_stated_rightly",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
IF NEW.ended_at IS NOT NULL
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


def related_to_operator_never_trades() -> pgtrigger.Trigger:
    """When the transaction ends that relates an organisation to the operator, it is an affiliate, which never trades."""
    return pgtrigger.Trigger(
        name="related_to_operator",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func="""
IF EXISTS (SELECT FROM public.participants_organisation o, public.participants_organisation other
            WHERE (o.id, other.id) IN ((NEW.organisation_id, NEW.related_id), (NEW.related_id, NEW.organisation_id))
              AND other.is_operator AND NOT o.operator_affiliate)
   AND EXISTS (SELECT FROM public.participants_organisationrelation r WHERE r.id = NEW.id AND r.ended_at IS NULL) THEN
    RAISE EXCEPTION 'who is related to the operator is its affiliate' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
""",
    )


def affiliate_while_related() -> pgtrigger.Trigger:
    """Nobody stops being an affiliate of the operator while a relation to it stands."""
    return pgtrigger.Trigger(
        name="affiliate_while_related",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("operator_affiliate"),
        func=f"""
IF OLD.operator_affiliate AND NOT NEW.operator_affiliate AND EXISTS {
            STANDS.format(
                one="NEW.id",
                other="(SELECT o.id FROM public.participants_organisation o WHERE o.is_operator)",
            )
        } THEN
    RAISE EXCEPTION 'a relation to the operator stands' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )
