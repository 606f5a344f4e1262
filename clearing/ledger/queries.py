"""Reads the ledger: balances, postings, entries, trial balance, journal, and the funds regime in force."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor

from ..ground.scopes import own_key
from .chart import DEBIT, NORMAL_SIDE, OUTSTANDING, OWED_TO_PARTICIPANTS, OWN_OF_THE_OPERATOR
from .models import Account, Balance, Entry, FundsRegime, Posting
from .states import AccountKind

JOURNAL_COLUMNS = (
    "business_date",
    "entry",
    "leg",
    "kind",
    "line",
    "account",
    "debit_minor",
    "credit_minor",
    "currency",
    "description",
    "value_date",
)


def balances(organisation_id: int) -> dict[str, dict[str, int]]:
    """A participant's balances by currency and kind of account, in minor units, in one query.

    Amounts are positive, as the participant reads them: ``available``, ``held`` for trades, ``payable`` to and
    ``receivable`` from cycles, ``deposit``; ``claim`` is what it owes the market.
    """
    found: dict[str, dict[str, int]] = {}
    rows = Balance.objects.filter(account__organisation_id=organisation_id)
    for currency, kind, side, minor in rows.values_list(
        "account__currency", "account__kind", "side", "balance_minor"
    ):
        found.setdefault(currency, {})[kind] = side * minor
    return found


def balances_at(*, organisation_id: int, instant: datetime) -> dict[str, dict[str, int]]:
    """A participant's balances at a past moment of business time, in one query; omits kinds without postings."""
    rows = (
        Posting.objects.filter(account__organisation_id=organisation_id, entry__booked_at__lte=instant)
        .values_list("currency", "account__kind")
        .annotate(total=Sum("amount_minor"))
        .order_by("currency", "account__kind")
    )
    found: dict[str, dict[str, int]] = {}
    for currency, kind, total in rows:
        found.setdefault(currency, {})[kind] = NORMAL_SIDE[kind] * int(total)
    return found


def visible_accounts(actor: Actor) -> QuerySet[Account]:
    """Accounts of the actor's organisation; all accounts for the operator.

    Each has ``balance_minor``, debit positive; null where the database keeps no balance.
    """
    kept = Balance.objects.filter(account=OuterRef("pk")).values("balance_minor")
    accounts = Account.objects.annotate(balance_minor=Subquery(kept))
    if actor.may_see():
        return accounts
    return accounts.filter(organisation_id=own_key(actor))


def visible_postings(actor: Actor) -> QuerySet[Posting]:
    """Postings on the accounts of the actor's organisation; all postings for the operator."""
    lines = Posting.objects.select_related("entry", "entry__cycle", "account", "trade")
    if actor.may_see():
        return lines
    return lines.filter(account__organisation_id=own_key(actor))


@dataclass(frozen=True, slots=True)
class ClientMoney:
    """Ownership of the client account: ``bank_minor`` is its balance, ``owed_minor`` the participants' part.

    ``operator_minor`` is what the operator has earned and not withdrawn, less its claims; ``outstanding_minor`` what left the
    client account and must come back: debits in suspense, and what is reclaimed from the bank and from payees. Always
    bank + outstanding = owed + operator.
    """

    bank_minor: int
    owed_minor: int
    operator_minor: int
    outstanding_minor: int


def client_money(currency: str) -> ClientMoney:
    """The daily segregation check, in minor units of ``currency``, from the balances that the database keeps."""
    rows = Balance.objects.filter(account__currency=currency).values("account__kind")
    totals = {row["account__kind"]: int(row["total"]) for row in rows.annotate(total=Sum("balance_minor"))}
    return ClientMoney(
        bank_minor=totals.get(AccountKind.BANK_CLIENT, 0),
        owed_minor=-sum(totals.get(kind, 0) for kind in OWED_TO_PARTICIPANTS),
        operator_minor=-sum(totals.get(kind, 0) for kind in OWN_OF_THE_OPERATOR),
        outstanding_minor=sum(totals.get(kind, 0) for kind in OUTSTANDING),
    )


def kind_totals(currency: str) -> dict[str, int]:
    """Sum of all postings in ``currency`` by kind of account, debit positive."""
    rows = (
        Posting.objects.filter(currency=currency).values("account__kind").annotate(total=Sum("amount_minor"))
    )
    return {row["account__kind"]: int(row["total"]) for row in rows}


def trial_balance(currency: str, until: date | None = None) -> list[dict[str, Any]]:
    """Debits, credits and balance by kind of account (合計残高試算表), to the end of the business day ``until``.

    Debits and credits agree in total. Without ``until`` all postings count.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.kind, coalesce(sum(p.amount_minor) FILTER (WHERE p.amount_minor > 0), 0)::bigint,"
            " coalesce(-sum(p.amount_minor) FILTER (WHERE p.amount_minor < 0), 0)::bigint"
            " FROM clearing_posting p JOIN clearing_account a ON a.id = p.account_id"
            " JOIN clearing_entry e ON e.id = p.entry_id"
            " WHERE p.currency = %s AND (%s::date IS NULL OR e.business_date <= %s) GROUP BY a.kind",
            [currency, until, until],
        )
        sums = {kind: (debit, credit) for kind, debit, credit in cursor.fetchall()}
    return [
        {
            "kind": kind.value,
            "label": kind.label,
            "debit_minor": debit,
            "credit_minor": credit,
            "balance_minor": NORMAL_SIDE[kind] * (debit - credit),
            "normal_side": "debit" if NORMAL_SIDE[kind] == DEBIT else "credit",
        }
        for kind in AccountKind
        for debit, credit in [sums.get(kind.value, (0, 0))]
    ]


@dataclass(frozen=True, slots=True)
class BankBalance:
    """The ledger's balance of the client account at the end of a day, in minor units.

    ``by_value_minor`` counts what the bank had booked by then, whenever it was imported; ``by_accounting_minor`` what was
    posted by then. ``late`` entries, ``late_minor`` in sum, were booked by the bank by then and posted later.
    """

    by_value_minor: int
    by_accounting_minor: int
    late: int
    late_minor: int


BY_VALUE = """
    SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM public.clearing_posting p
      JOIN public.clearing_account a ON a.id = p.account_id AND a.kind = 'bank_client'
      JOIN public.clearing_entry e ON e.id = p.entry_id
     WHERE p.currency = {currency} AND coalesce(e.value_date, e.business_date) <= {day}
"""
"""The ledger's balance of the client account by the bank's booking dates, as SQL that guards and checks share."""

_BANK_BALANCE = """
    SELECT coalesce(sum(p.amount_minor) FILTER (WHERE coalesce(e.value_date, e.business_date) <= %(day)s), 0)::bigint,
           coalesce(sum(p.amount_minor) FILTER (WHERE e.business_date <= %(day)s), 0)::bigint,
           count(*) FILTER (WHERE e.value_date <= %(day)s AND e.business_date > %(day)s),
           coalesce(sum(p.amount_minor) FILTER (
               WHERE e.value_date <= %(day)s AND e.business_date > %(day)s), 0)::bigint
      FROM clearing_posting p JOIN clearing_account a ON a.id = p.account_id AND a.kind = 'bank_client'
      JOIN clearing_entry e ON e.id = p.entry_id WHERE p.currency = %(currency)s
"""


def bank_balance(currency: str, day: date) -> BankBalance:
    """The balance of the client account at the end of ``day``, by the bank's booking dates and by the accounting days."""
    with connection.cursor() as cursor:
        cursor.execute(_BANK_BALANCE, {"currency": currency, "day": day})
        return BankBalance(*cursor.fetchone())


def ledger_counts() -> dict[str, int]:
    """Numbers of ``entries`` and ``postings``, and the sum of absolute entry totals (``imbalance_minor``, 0 if sound)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(abs(total)), 0)::bigint FROM"
            " (SELECT sum(amount_minor) AS total FROM clearing_posting GROUP BY entry_id, currency) entry"
        )
        entries, imbalance = cursor.fetchone()
    postings = Posting.objects.aggregate(count=Count("pk"))["count"]
    return {"entries": entries, "postings": postings, "imbalance_minor": imbalance}


def journal_csv(*, first: date, last: date) -> Iterator[str]:
    """The journal (仕訳帳) of the business days ``first`` to ``last`` as CSV, line by line, in entry order."""
    yield _csv_line(JOURNAL_COLUMNS)
    rows = Posting.objects.filter(entry__business_date__gte=first, entry__business_date__lte=last).order_by(
        "entry_id", "leg"
    )
    for posting in rows.select_related("entry", "account").iterator(chunk_size=2_000):
        amount = posting.amount_minor
        yield _csv_line(
            (
                posting.entry.business_date.isoformat(),
                posting.entry.public_id,
                posting.leg,
                posting.entry.kind,
                posting.line,
                posting.account.code,
                amount if amount > 0 else "",
                -amount if amount < 0 else "",
                posting.currency,
                posting.entry.description,
                posting.entry.value_date.isoformat() if posting.entry.value_date else "",
            )
        )


def _csv_line(values: tuple[Any, ...]) -> str:
    """One CSV line; a text that a spreadsheet would run as a formula is prefixed with an apostrophe."""
    text = io.StringIO()
    safe = [
        f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t" and value else value
        for value in values
    ]
    csv.writer(text, lineterminator="\r\n").writerow(safe)
    return text.getvalue()


def visible_entries(actor: Actor) -> QuerySet[Entry]:
    """Journal entries about the actor's organisation; all entries for the operator."""
    rows = Entry.objects.select_related("cycle", "trade")
    return rows if actor.may_see() else rows.filter(organisation_id=own_key(actor))


def postings_of(entry: Entry, actor: Actor) -> QuerySet[Posting]:
    """Postings of an entry on accounts that the actor may see."""
    rows = Posting.objects.filter(entry=entry).select_related("account", "trade").order_by("leg")
    return rows if actor.may_see() else rows.filter(account__organisation_id=own_key(actor))


def visible_regimes() -> QuerySet[FundsRegime]:
    """All declarations of funds regimes; they are public."""
    return FundsRegime.objects.all()


def regime_in_force(currency: str, at: datetime | None = None) -> FundsRegime | None:
    """The funds regime of a currency in force at ``at`` (default: now); None if there is none."""
    rows = FundsRegime.objects.filter(currency=currency, effective_from__lte=at or clock.now())
    return rows.order_by("effective_from", "pk").last()


def may_pay_abroad(currency: str) -> bool:
    """Whether the regime in force records a licence or exemption for payments to participants abroad."""
    regime = regime_in_force(currency)
    return regime is not None and regime.cross_border_allowed
