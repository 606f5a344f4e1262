"""The database guard of payout accounts: who proposes, confirms and stops a change, and when it is used."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import RULES, Permission

from .acting import acts_now, holders
from .interest_guards import RECUSED
from .payout_accounts import ROLE_STANDS, WAITING_BUSINESS_DAYS

_SQL = Path(__file__).parent / "sql"
_CHANGING = RULES[Permission.PAYOUT_WRITE]


def payout_account_by_two() -> pgtrigger.Trigger:
    """A changed account is proposed by a member with the role, confirmed by a second within fresh proof, and used later.

    Whoever gave the command before holds the role still. The waiting time is counted in the bank days that a database knows.

    A registered one comes with its organisation. The organisation's row is locked until the transaction ends, so one change
    at a time is under way.
    """
    return pgtrigger.Trigger(
        name="payout_account_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[("today", "date"), ("own", "boolean")],
        func=sql_body(
            _SQL / "payout_account_by_two.sql",
            CHANGING=sql_list(sorted(_CHANGING.participant | _CHANGING.operator)),
            ADMISSION=sql_list(sorted(RULES[Permission.ADMISSION_WRITE].operator)),
            WAITING_DAYS=WAITING_BUSINESS_DAYS,
            ROLE_DAYS=ROLE_STANDS.days,
            RECUSED=RECUSED,
            PROPOSER_ACTS=acts_now(
                "NEW.proposed_by",
                holds=holders(Permission.PAYOUT_WRITE),
                organisation="o.id = NEW.organisation_id",
                proved=False,
            ),
            REVIEWER_ACTS=acts_now(
                "OLD.reviewed_by", holds=holders(Permission.ADMISSION_WRITE), proved=False
            ),
        ),
    )
