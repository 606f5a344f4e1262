"""Database guards of trustees: two people of admission appoint them, and nobody else has the role."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import RULES, Permission

from .acting import acts_now, holders

_SQL = Path(__file__).parent / "sql"


def trustee_by_two() -> pgtrigger.Trigger:
    """A trustee is proposed, and appointed by another of admission with a fresh proof, while the insolvency stands."""
    return pgtrigger.Trigger(
        name="trustee_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        func=sql_body(
            _SQL / "trustee_by_two.sql",
            ADMISSION=sql_list(sorted(RULES[Permission.ADMISSION_WRITE].operator)),
            PROPOSER_ACTS=acts_now(
                "NEW.proposed_by", holds=holders(Permission.ADMISSION_WRITE), proved=False
            ),
        ),
    )


def trustee_is_appointed() -> pgtrigger.Trigger:
    """The role of trustee is granted to whom two people appointed for the organisation."""
    return pgtrigger.Trigger(
        name="trustee_is_appointed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__role="trustee"),
        func=sql_body(_SQL / "trustee_is_appointed.sql"),
    )
