"""Database guards of interests of third parties in listings: who states them."""

from __future__ import annotations

import pgtrigger

from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acts_now, holders


def stake_stated_rightly() -> pgtrigger.Trigger:
    """It begins standing; a person of the seller declares it, or one of the operator states what the third party claims."""
    own = acts_now(
        "NEW.stated_by",
        holds=holders(Permission.ORGANISATION_WRITE),
        organisation="o.id = (SELECT l.seller_id FROM public.listings_listing l WHERE l.id = NEW.listing_id)",
    )
    staff = acts_now("NEW.stated_by", holds=holders(Permission.ADMISSION_WRITE))
    return pgtrigger.Trigger(
        name="stake_stated_rightly",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
IF NEW.ended_at IS NOT NULL
   OR NOT (NEW.stated_as = 'declared' AND {own} OR NEW.stated_as = 'claimed' AND {staff}) THEN
    RAISE EXCEPTION '% states no interest in this listing now', NEW.stated_by
        USING ERRCODE = 'check_violation', CONSTRAINT = 'stake_stated_rightly';
END IF;
RETURN NULL;
""",
    )


def stake_by_unrelated() -> pgtrigger.Trigger:
    """Nobody of the operator states or ends an interest in a listing of a seller in which it has declared an interest itself."""
    people = ("stated_by", "ended_by", "end_first_person")
    recused = " OR ".join(
        f"(NEW.{column} <> '' AND NEW.{column} IS DISTINCT FROM OLD.{column} AND public.is_recused(NEW.{column}, l.seller_id))"
        for column in people
    )
    return pgtrigger.Trigger(
        name="recused",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(*people),
        func=f"""
IF EXISTS (SELECT FROM public.listings_listing l WHERE l.id = NEW.listing_id AND ({recused})) THEN
    RAISE EXCEPTION '%: who has declared an interest in the organisation decides nothing about it', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'recused';
END IF;
RETURN NULL;
""",
    )
