"""Opens accounts and finds them by organisation and kind."""

from __future__ import annotations

from collections.abc import Iterable

from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.participants.queries import organisations_by_id

from ..ground.bulk import fetch_binary
from .chart import MARKET_KINDS, NORMAL_SIDE, PARTICIPANT_KINDS, account_code
from .models import Account
from .states import AccountKind

_ACCOUNTS = """
    SELECT organisation_id, array_agg(kind::text), array_agg(id) FROM clearing_account
     WHERE organisation_id = ANY(%b::bigint[]) AND currency = %b GROUP BY 1
"""


def open_market_accounts(currency: str) -> dict[str, int]:
    """The market's own accounts in ``currency`` by kind; opens those that are missing."""
    _open([(kind, None, None) for kind in MARKET_KINDS], currency)
    return market_accounts(currency)


def market_accounts(currency: str) -> dict[str, int]:
    """The market's own accounts in ``currency`` by kind; empty before the first cycle is opened."""
    rows = Account.objects.filter(organisation=None, currency=currency)
    return dict(rows.values_list("kind", "pk"))


def require_cleared(currency: str) -> None:
    """Raise FieldInvalid unless the market clears ``currency``."""
    if AccountKind.RESERVE not in market_accounts(currency):
        raise FieldInvalid(
            "currency",
            Label(f"the market does not clear {currency}", f"通貨 {currency} は取り扱っていません"),
        )


def participant_accounts(organisation_ids: Iterable[int], currency: str) -> dict[int, dict[str, int]]:
    """Accounts of participants in ``currency``: organisation → kind → account. Opens those that are missing."""
    wanted = set(organisation_ids)
    found = _accounts_of(wanted, currency)
    missing = wanted - set(found)
    if missing:
        views = organisations_by_id(missing)
        _open(
            [(kind, key, views[key].public_id) for key in sorted(missing) for kind in PARTICIPANT_KINDS],
            currency,
        )
        found = _accounts_of(wanted, currency)
    return found


def accounts_of(organisation_id: int, currency: str) -> dict[str, int]:
    """Accounts of one participant by kind; opens those that are missing."""
    return participant_accounts([organisation_id], currency)[organisation_id]


def _accounts_of(organisations: Iterable[int], currency: str) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for key, *accounts in fetch_binary(_ACCOUNTS, [list(organisations), currency]):
        found[key] = dict(zip(*accounts, strict=True))
    return found


def _open(wanted: list[tuple[str, int | None, str | None]], currency: str) -> None:
    """Insert missing accounts; waits for a concurrent transaction that inserts the same."""
    opened_at = clock.now()
    Account.objects.bulk_create(
        [
            Account(
                code=account_code(kind, currency, public_id),
                organisation_id=key,
                kind=kind,
                currency=currency,
                side=NORMAL_SIDE[kind],
                opened_at=opened_at,
            )
            for kind, key, public_id in wanted
        ],
        ignore_conflicts=True,
    )
