"""What the database refuses when Python is passed by: raw SQL against every invariant of clearing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from clearing.models import (
    Account,
    Balance,
    Cycle,
    CycleStep,
    Entry,
    NetPosition,
    Obligation,
    Posting,
    Trade,
)
from clearing.services.eligibility import cycle_for

from . import factories


def run(sql: str, *values: Any) -> None:
    """One statement, as anybody with a database console could send it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def refused(sql: str, *values: Any, because: str) -> None:
    """The statement is refused by the database, and says why."""
    with pytest.raises(IntegrityError, match=because):
        run(sql, *values)


def account(market: factories.Market, name: str, kind: str) -> Account:
    return Account.objects.get(organisation=market.party(name), kind=kind)


ENTRY = (
    "INSERT INTO clearing_entry (public_id, kind, reference, description, business_date, booked_at)"
    " VALUES ('jrn_raw', 'receipt', 'raw', '', now(), now()) RETURNING id"
)
WHOLE = f"WITH made AS ({ENTRY}) INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line)"


@pytest.fixture
def secured(market):
    """A trade of 11,000 that is secured, with 4,000 left to its buyer."""
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", 15_000)
    trade.refresh_from_db()
    assert trade.state == "secured"
    return trade


def counts() -> tuple[int, int, int]:
    return Entry.objects.count(), Posting.objects.count(), Balance.objects.count()


def test_an_entry_that_does_not_balance_is_refused(market, secured):
    available, bank = account(market, "buyer", "available"), Account.objects.get(kind="bank_client")
    before = counts()
    refused(
        f"{WHOLE} SELECT id, 1, %s, 100, 'JPY', 'receipt' FROM made UNION ALL SELECT id, 2, %s, -99, 'JPY', 'receipt' FROM made",
        bank.pk, available.pk, because="sum to 1, not to zero",
    )  # fmt: skip
    refused(f"{WHOLE} SELECT id, 1, %s, 0, 'JPY', 'receipt' FROM made", bank.pk, because="posting_amount")
    refused(ENTRY, because="comes without postings")
    refused(
        "INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line)"
        " VALUES (0, 1, %s, 5, 'JPY', 'receipt'), (0, 2, %s, -5, 'JPY', 'receipt')",
        bank.pk, available.pk, because="complete or missing",
    )  # fmt: skip
    refused(
        f"{WHOLE} SELECT id, 1, %s, 5, 'USD', 'receipt' FROM made UNION ALL SELECT id, 2, %s, -5, 'USD', 'receipt' FROM made",
        bank.pk, available.pk, because="not in the currency of its account",
    )  # fmt: skip
    refused(
        f"{WHOLE} SELECT id, 1, 0, 5, 'JPY', 'receipt' FROM made UNION ALL SELECT id, 2, %s, -5, 'JPY', 'receipt' FROM made",
        available.pk, because="names no account",
    )  # fmt: skip
    assert counts() == before


def test_postings_and_positions_stay_as_they_are(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    for table in (
        "clearing_posting",
        "clearing_entry",
        "clearing_netposition",
        "clearing_obligation",
        "clearing_account",
    ):
        refused(f"DELETE FROM {table}", because="append-only")
    refused("UPDATE clearing_posting SET amount_minor = amount_minor + 1", because="append-only")
    refused("UPDATE clearing_netposition SET net_minor = 0", because="append-only")
    refused("UPDATE clearing_obligation SET amount_minor = 1", because="append-only")


def test_a_balance_moves_by_postings_only(market, secured):
    available = account(market, "buyer", "available")
    before = Balance.objects.get(account=available).balance_minor
    refused(
        "UPDATE clearing_balance SET balance_minor = -1000000 WHERE account_id = %s",
        available.pk, because="by postings only",
    )  # fmt: skip
    refused(
        "INSERT INTO clearing_balance (account_id, side, balance_minor) VALUES (%s, -1, 0)",
        Account.objects.get(kind="fee_revenue").pk, because="by postings only",
    )  # fmt: skip
    refused("DELETE FROM clearing_balance", because="are kept")
    assert Balance.objects.get(account=available).balance_minor == before == -4_000


def test_a_participant_cannot_spend_what_it_does_not_have(market, secured):
    available, bank = account(market, "buyer", "available"), Account.objects.get(kind="bank_client")
    refused(
        f"{WHOLE} SELECT id, 1, %s, 4001, 'JPY', 'payment' FROM made UNION ALL SELECT id, 2, %s, -4001, 'JPY', 'payment' FROM made",
        available.pk, bank.pk, because="balance_within_funds",
    )  # fmt: skip
    assert factories.available(market, "buyer") == 4_000


def test_every_limited_account_has_its_balance(market):
    run(
        "INSERT INTO clearing_account (public_id, code, organisation_id, kind, currency, side, opened_at)"
        " VALUES ('acc_raw', 'raw', %s, 'available', 'USD', -1, now())",
        market.party("buyer").pk,
    )
    assert Balance.objects.get(account__code="raw").balance_minor == 0
    refused(
        "INSERT INTO clearing_account (public_id, code, organisation_id, kind, currency, side, opened_at)"
        " VALUES ('acc_raw2', 'raw2', %s, 'available', 'USD', -1, now())",
        market.party("buyer").pk, because="account_once",
    )  # fmt: skip
    refused(
        "INSERT INTO clearing_account (public_id, code, organisation_id, kind, currency, side, opened_at)"
        " VALUES ('acc_raw3', 'raw3', NULL, 'held', 'USD', -1, now())",
        because="account_owner",
    )


def test_an_unused_part_comes_back_with_the_capture_only(market, secured):
    available, held, payable = (account(market, "buyer", kind) for kind in ("available", "held", "payable"))
    posting = (
        f"{WHOLE[:-1]}, trade_id) SELECT made.id, leg, account, amount, 'JPY', line, %s FROM made,"
        " unnest(%s::int[], %s::bigint[], %s::bigint[], %s::text[]) AS p(leg, account, amount, line)"
    )

    def attempt(*rows: tuple[int, int, str]) -> list[Any]:
        accounts, amounts, lines = zip(*rows, strict=True)
        return [secured.pk, list(range(1, len(rows) + 1)), list(accounts), list(amounts), list(lines)]

    because = "not the whole of a trade of its buyer"
    refused(posting, *attempt((held.pk, 4_000, "unused"), (available.pk, -4_000, "unused")), because=because)
    refused(posting, *attempt((held.pk, 7_000, "unhold"), (payable.pk, -7_000, "unhold")), because=because)
    assert factories.balance(market, "buyer", "held") == 11_000


def test_held_money_names_its_trade_and_is_ended_once(market, secured):
    available, held = account(market, "buyer", "available"), account(market, "buyer", "held")
    posting = (
        f"{WHOLE[:-1]}, trade_id) SELECT id, 1, %s, %s, 'JPY', %s, %s::bigint FROM made"
        " UNION ALL SELECT id, 2, %s, -%s, 'JPY', %s, %s::bigint FROM made"
    )
    trade = secured.pk
    for amount, line, named in (
        (11_000, "unhold", None),
        (10_999, "unhold", trade),
        (11_000, "receipt", trade),
    ):
        refused(
            posting, held.pk, amount, line, named, available.pk, amount, line, named,
            because="not the whole of a trade of its buyer",
        )  # fmt: skip
    refused(
        posting,
        available.pk,
        11_000,
        "hold",
        trade,
        held.pk,
        11_000,
        "hold",
        trade,
        because="posting_hold_once",
    )
    assert factories.balance(market, "buyer", "held") == 11_000
    factories.accept(secured)
    refused(
        posting,
        held.pk,
        11_000,
        "unhold",
        trade,
        available.pk,
        11_000,
        "unhold",
        trade,
        because="posting_hold_once",
    )
    assert factories.balance(market, "buyer", "held") == 0


ACCEPT = (
    "UPDATE clearing_trade SET state = 'accepted', captured_price_minor = price_minor,"
    " captured_tax_minor = tax_minor, captured_fee_minor = fee_minor,"
    " cycle_id = (SELECT id FROM clearing_cycle WHERE state = 'open')"
)


def test_no_more_is_captured_than_was_held(market, secured):
    for change in (
        "captured_price_minor = price_minor + 1",
        "captured_price_minor = -1",
        "captured_price_minor = NULL",
        "captured_tax_minor = tax_minor - 1",
        "captured_fee_minor = NULL",
    ):
        column = change.split(" ")[0]
        others = ", ".join(
            part for part in ACCEPT.split(" SET ")[1].split(", ") if not part.startswith(column)
        )
        refused(
            f"UPDATE clearing_trade SET {others}, {change}, accepted_at = now()", because="trade_captured"
        )
    refused("UPDATE clearing_trade SET captured_price_minor = 1", because="trade_captured")
    secured.refresh_from_db()
    assert (secured.state, secured.captured_price_minor) == ("secured", None)


def test_the_terms_of_a_trade_never_change(market, secured):
    for change in (
        "price_minor = 1",
        "fee_minor = 0",
        "seller_id = buyer_id",
        "business_key = 'x'",
        "fund_by = now()",
    ):
        refused(f"UPDATE clearing_trade SET {change}", because="cannot be changed|trade_")
    refused("UPDATE clearing_trade SET state = 'concluded'", because="does not lead to")
    refused("UPDATE clearing_trade SET state = 'failed', ended_at = now()", because="does not lead to")
    refused("UPDATE clearing_trade SET secured_at = now() - interval '1 day'", because="cannot be changed")
    refused(f"{ACCEPT}, accepted_at = NULL", because="trade_moments")
    refused("DELETE FROM clearing_trade", because="are kept")
    before = (secured.state, secured.price_minor, secured.secured_at)
    secured.refresh_from_db()
    assert (secured.state, secured.price_minor, secured.secured_at) == before


OBLIGATION = (
    "INSERT INTO clearing_obligation (trade_id, kind, debtor_id, creditor_id, amount_minor, tax_minor, tax_rate_bp,"
    " currency, cycle_id, legal_basis, source, made_at) VALUES "
)


def base(
    market: factories.Market, trade: Trade, cycle: Cycle, *, price: int | None = None
) -> tuple[str, list[Any]]:
    row = "(%s, %s, %s, %s, %s, %s, 1000, 'JPY', %s, 'market_terms', NULL, now())"
    price = trade.price_minor if price is None else price
    purchase = [trade.pk, "purchase", trade.buyer_id, trade.seller_id, price, trade.tax_minor, cycle.pk]
    fee = [trade.pk, "fee", trade.seller_id, market.operator.pk, trade.fee_minor, 0, cycle.pk]
    return f"{OBLIGATION}{row}, {row}", [*purchase, *fee]


def test_an_obligation_needs_an_accepted_trade(market, secured):
    sql, values = base(market, secured, market.cycle)
    refused(sql, *values, because="is not what the trade states")
    assert Obligation.objects.count() == 0


def test_a_trade_enters_one_cycle_only(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    sql, values = base(market, trade, market.cycle)
    refused(sql, *values, because="obligation_once")
    factories.clear(market, "closing")
    sql, values = base(market, trade, market.cycle)
    refused(sql, *values, because="obligation_once")
    assert Obligation.objects.count() == 2


def test_price_and_fee_are_made_together_as_agreed(market, secured):
    run(f"{ACCEPT}, accepted_at = now() WHERE id = %s", secured.pk)
    sql, values = base(market, secured, market.cycle, price=9_999)
    refused(sql, *values, because="is not what the trade states")
    sql, values = base(market, secured, market.cycle)
    alone = sql.replace(", (%s, %s, %s, %s, %s, %s, 1000, 'JPY', %s, 'market_terms', NULL, now())", "")
    refused(alone, *values[:7], because="not made together")
    assert Obligation.objects.count() == 0
    run(sql, *values)
    assert Obligation.objects.count() == 2


def test_a_correction_is_between_the_parties_and_has_a_cause(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    row = "(%s, 'adjustment', %s, %s, 100, 10, 1000, 'JPY', %s, 'market_terms', %s, now())"
    stranger = market.party("stranger").pk
    refused(
        OBLIGATION + row, trade.pk, stranger, trade.buyer_id, market.cycle.pk, "adj_1",
        because="is not what the trade states",
    )  # fmt: skip
    refused(
        OBLIGATION + row, trade.pk, trade.seller_id, trade.buyer_id, market.cycle.pk, None,
        because="obligation_has_cause",
    )  # fmt: skip
    assert Obligation.objects.count() == 2


def test_a_closed_cycle_takes_no_obligation(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "validated")
    row = "(%s, 'adjustment', %s, %s, 100, 10, 1000, 'JPY', %s, 'market_terms', 'adj_1', now())"
    refused(
        OBLIGATION + row, trade.pk, trade.seller_id, trade.buyer_id, cycle.pk, because="takes no obligations"
    )
    for change in ("input_hash = 'x'", "barrier = '1'", "trades = 7", "closed_at = now() - interval '1 day'"):
        refused(f"UPDATE clearing_cycle SET {change} WHERE id = %s", cycle.pk, because="cannot be changed")
    refused("UPDATE clearing_cycle SET state = 'open' WHERE id = %s", cycle.pk, because="does not lead to")
    refused("UPDATE clearing_cycle SET state = 'netted' WHERE id = %s", cycle.pk, because="cycle_netted_what")
    refused("DELETE FROM clearing_cycle", because="are kept")
    assert Cycle.objects.get(pk=cycle.pk).state == "validated"


def test_a_cycle_on_hold_stays_where_it_is(market):
    cycle = factories.clear(market, "validated")
    refused(
        "UPDATE clearing_cycle SET on_hold_since = now() WHERE id = %s", cycle.pk, because="cycle_hold_reason"
    )
    run(
        "UPDATE clearing_cycle SET on_hold_since = now(), hold_reason = 'audit', held_by = 'prg_1' WHERE id = %s",
        cycle.pk,
    )
    refused("UPDATE clearing_cycle SET state = 'netted' WHERE id = %s", cycle.pk, because="is on hold")
    refused("UPDATE clearing_cycle SET held_by = '' WHERE id = %s", cycle.pk, because="cycle_hold_reason")
    refused(
        "UPDATE clearing_cycle SET on_hold_since = now(), hold_reason = 'x', held_by = 'prg_1' WHERE state = 'open'",
        because="cycle_held_when",
    )
    assert Cycle.objects.get(pk=cycle.pk).state == "validated"


def test_the_steps_of_a_cycle_are_kept(market):
    cycle = factories.clear(market, "validated")
    refused("UPDATE clearing_cyclestep SET epoch = 9", because="append-only")
    refused(
        "INSERT INTO clearing_cyclestep (cycle_id, epoch, state, began_at, ended_at)"
        " SELECT cycle_id, epoch, state, began_at, ended_at FROM clearing_cyclestep",
        because="cycle_step_once",
    )
    assert CycleStep.objects.filter(cycle=cycle).count() == 1


def test_a_share_goes_to_a_named_beneficiary_from_the_seller(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    columns = OBLIGATION.replace("made_at)", "made_at, beneficiary_key)")
    row = "(%s, 'share', %s, %s, 100, 0, 0, 'JPY', %s, 'market_terms', 'shr_1', now(), %s)"
    beneficiary = market.party("beneficiary").pk
    refused(
        columns + row, trade.pk, trade.seller_id, beneficiary, market.cycle.pk, None,
        because="obligation_beneficiary",
    )  # fmt: skip
    refused(
        columns + row, trade.pk, trade.buyer_id, beneficiary, market.cycle.pk, "1",
        because="is not what the trade states",
    )  # fmt: skip
    assert Obligation.objects.count() == 2


def test_a_second_open_cycle_is_refused(market):
    sql = (
        "INSERT INTO clearing_cycle (public_id, currency, number, business_key, state, epoch, opened_at)"
        " VALUES ('cyc_raw', 'JPY', %s, 'raw', 'open', 0, now())"
    )
    refused(sql, 2, because="cycle_one_open")
    refused(sql, 3, because="would leave a gap")
    assert Cycle.objects.count() == 1


def test_positions_that_do_not_sum_to_zero_are_refused(market):
    cycle = factories.clear(market, "validated")
    columns = (
        "public_id, cycle_id, organisation_id, party_key, currency, purchases_minor, purchase_tax_minor, sales_minor,"
        " sales_tax_minor, fees_minor, fee_tax_minor, fee_refunds_minor, fee_refund_tax_minor,"
        " corrections_paid_minor, corrections_received_minor, net_minor"
    )
    row = "(%s, %s, %s, '1', 'JPY', %s, 0, %s, 0, 0, 0, 0, 0, 0, 0, %s)"
    insert = f"INSERT INTO clearing_netposition ({columns}) VALUES "
    one, two = market.party("one").pk, market.party("two").pk
    refused(insert + row, "pos_a", cycle.pk, one, 0, 5, 5, because="do not sum to zero")
    refused(insert + row, "pos_a", cycle.pk, one, 0, 5, 0, because="position_parts")
    pair = f"{insert}{row}, {row}"
    values = ["pos_a", cycle.pk, one, 0, 5, 5, "pos_b", cycle.pk, two, -5, 0, -5]
    run(pair, *values)
    refused(insert + row, "pos_c", cycle.pk, market.operator.pk, 0, 0, 0, because="do not come together")
    assert NetPosition.objects.count() == 2
    refused(
        insert + row, "pos_d", market.cycle.pk, one, 0, 0, 0, because="do not come together when it is netted"
    )


def test_a_payment_on_its_way_is_not_planned_twice(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    first = factories.instructions(cycle)[0]
    refused(
        "INSERT INTO clearing_settlementinstruction (public_id, cycle_id, organisation_id, sequence, reference, direction,"
        " amount_minor, currency, state, planned_at, failure_reason) SELECT 'stl_raw', cycle_id, organisation_id, 99,"
        " 'JPY99999-000001', direction, amount_minor, currency, 'planned', now(), ''"
        " FROM clearing_settlementinstruction WHERE id = %s",
        first.pk, because="instruction_one_alive",
    )  # fmt: skip
    refused("UPDATE clearing_settlementinstruction SET amount_minor = 1", because="cannot be changed")
    refused(
        "UPDATE clearing_settlementinstruction SET state = 'failed', failed_at = now()",
        because="does not lead",
    )
    refused(
        "UPDATE clearing_settlementinstruction SET state = 'confirmed'", because="instruction_confirmed_when"
    )
    refused("DELETE FROM clearing_settlementinstruction", because="are kept")
    assert [row.state for row in factories.instructions(cycle)] == ["planned", "planned"]


def test_a_booking_is_recorded_and_posted_once(market, secured):
    refused(
        "INSERT INTO clearing_bankentry (public_id, statement_id, entry_reference, booked_on, direction, amount_minor,"
        " currency, counterparty_name, counterparty_account, remittance_information, match, mismatch_code)"
        " SELECT 'bke_raw', statement_id, entry_reference, booked_on, direction, amount_minor, currency, '', '', '',"
        " 'unallocated', 'raw' FROM clearing_bankentry",
        because="entry_reference",
    )
    refused("UPDATE clearing_bankentry SET amount_minor = 1", because="append-only")
    bank, available = Account.objects.get(kind="bank_client"), account(market, "buyer", "available")
    used = Entry.objects.get(kind="receipt").reference
    refused(
        f"{WHOLE.replace(chr(39) + 'raw' + chr(39), '%s')} SELECT id, 1, %s, 5, 'JPY', 'receipt' FROM made"
        " UNION ALL SELECT id, 2, %s, -5, 'JPY', 'receipt' FROM made",
        used, bank.pk, available.pk, because="reference",
    )  # fmt: skip


def test_an_event_of_before_the_cut_off_locks_the_closing_cycle(market):
    closing = factories.clear(market, "closing")
    barrier = int(closing.barrier)
    assert cycle_for("JPY", barrier - 1).id == closing.pk
    assert cycle_for("JPY", barrier).id == market.cycle.pk
    assert cycle_for("JPY", None).id == market.cycle.pk
