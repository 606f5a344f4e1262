"""The entries of a cycle as one statement plans and writes them from its positions."""

from __future__ import annotations

from django.db import connection

from clearing.ledger.causes import CAUSES
from clearing.ledger.states import EntryKind
from clearing.models import Cycle, Entry, NetPosition, Posting
from clearing.netting.invariants import POSTED_AS_NETTED
from clearing.run.posting_plan import planned_lines

from .. import factories
from ..test_invariants import broken


def entry_of(cycle: Cycle, organisation_id: int) -> list[tuple[int, str, str, int]]:
    """The postings of an organisation's entry: leg, line, kind of account and amount."""
    rows = Posting.objects.filter(
        entry__cycle=cycle, entry__kind="cycle", entry__organisation_id=organisation_id
    )
    return list(rows.order_by("leg").values_list("leg", "line", "account__kind", "amount_minor"))


def test_an_entry_has_the_lines_of_the_position_in_their_order(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "posted")
    assert entry_of(cycle, market.party("seller").pk) == [
        (1, "sales", "settlement", 11_000),
        (2, "sales", "receivable", -11_000),
        (3, "fees", "receivable", 500),
        (4, "fees", "fee_revenue", -500),
        (5, "fee_tax", "receivable", 50),
        (6, "fee_tax", "tax_payable", -50),
    ]
    entry = Entry.objects.get(cycle=cycle, organisation=market.party("buyer"))
    position = NetPosition.objects.get(cycle=cycle, organisation=market.party("buyer"))
    assert (entry.kind, entry.reference, entry.description) == (
        "cycle",
        f"cycle:{position.public_id}",
        cycle.business_key,
    )
    assert broken() == {}


def test_the_operator_has_an_entry_for_fees_that_were_put_off_and_for_nothing_else(market, sold):
    assert entry_of(sold.cycle, market.operator.pk) == []
    factories.adjust(market, sold, "seller", "buyer", 500)
    factories.accepted(market, "other", "seller", 500)
    cycle = factories.clear(market, "posted")
    assert NetPosition.objects.get(cycle=cycle, organisation=market.operator).deferred_minor == -110
    assert entry_of(cycle, market.operator.pk) == [
        (1, "awaited", "fees_receivable", 110),
        (2, "awaited", "settlement", -110),
    ]
    assert broken() == {}


def test_a_party_without_amounts_has_no_entry_and_shifts_no_other(market):
    for name in ("idle", "buyer", "also idle", "seller"):
        market.party(name)
    factories.accepted(market, "buyer", "seller", 10_000)
    for name in ("idle", "also idle"):
        factories.accepted(market, name, "seller", 0)
    cycle = factories.clear(market, "posted")
    assert NetPosition.objects.filter(cycle=cycle).count() == 5
    lines = {name: len(entry_of(cycle, market.party(name).pk)) for name in market.parties}
    assert lines == {"idle": 0, "buyer": 2, "also idle": 0, "seller": 6}
    assert broken() == {}


def plan_of(query: str) -> str:
    """How the database would run a query."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_no_expression_is_prepared_anew_for_each_position_or_line(market):
    """PostgreSQL prepares the expressions of a row of ``VALUES`` whenever it is joined: a third of what a guard costs."""
    lines = planned_lines(lambda kind: repr(kind.value))
    planned = plan_of(
        f"SELECT l.* FROM (SELECT n.*, 0 AS claim_minor FROM clearing_netposition n) n CROSS JOIN LATERAL ({lines}) l"
    )
    assert ("Append" in planned, "Values Scan" in planned) == (True, False)
    compared = plan_of(POSTED_AS_NETTED.format(entries="", positions=""))
    assert ("Append" in compared, "Values Scan" in compared) == (True, False)
    cause = CAUSES[EntryKind.IDLE_RETURN]
    assert ("VALUES" in cause.lines, "VALUES" in str(cause.guard("probe").func)) == (False, False)
