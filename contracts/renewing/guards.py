"""Database guards of renewals: as both parties signed, unless one refused in time."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acts_now, holders

from ..amending.guards import signed_versions_alone
from ..plan.guards import plan_body
from .states import EARLY
from .terms import LIMITS, SHORTEST_MONTH

_SQL = Path(__file__).parent / "sql"

CREATE = sql_body(
    _SQL / "functions.sql",
    MONTHS_LOWEST=LIMITS["months"][0],
    MONTHS_HIGHEST=LIMITS["months"][1],
    NOTICE_LOWEST=LIMITS["notice_days"][0],
    NOTICE_HIGHEST=LIMITS["notice_days"][1],
    TIMES_LOWEST=LIMITS["times_max"][0],
    TIMES_HIGHEST=LIMITS["times_max"][1],
    SHORTEST_MONTH=SHORTEST_MONTH,
)
"""The SQL functions of what was signed (instead of ``amending.guards``), of the day of notice, of how long rights last once they are renewed, and of what can be renewed, which a migration makes."""
DROP = """
DROP FUNCTION public.is_renewal(jsonb, timestamptz);
DROP FUNCTION public.lasting_renewed(jsonb);
DROP FUNCTION public.notice_of_renewal(jsonb, timestamptz);
""" + signed_versions_alone()


def renewal_as_signed() -> pgtrigger.Trigger:
    """A renewal repeats what the last version states; a signatory of a party refuses it in time; a version renews.

    The agreement's row is locked until the transaction ends: of its end, a version, a refusal and a renewal, one comes first.
    """
    return pgtrigger.Trigger(
        name="renewal_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[("a", "record"), ("last", "record")],
        func=sql_body(
            _SQL / "renewal_as_signed.sql",
            EARLY=sql_list(EARLY),
            ACTS=acts_now(
                "NEW.refused_by",
                holds=holders(Permission.CONTRACTS_SIGN),
                organisation="o.id = (CASE NEW.refused_party WHEN 'buyer' THEN a.buyer_id ELSE a.seller_id END)",
            ),
        ),
    )


def document_whole() -> pgtrigger.Trigger:
    """The hashes of what the market signed of a renewal are those of what stands in it, of its agreement."""
    return pgtrigger.Trigger(
        name="document_whole",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("said", "jsonb")],
        func=sql_body(_SQL / "document_whole.sql"),
    )


def document_planned() -> pgtrigger.Trigger:
    """What the market signs of a renewal has a plan, and that carries out its terms."""
    return pgtrigger.Trigger(
        name="plan_of_terms",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("said", "jsonb")],
        func=plan_body(),
    )
