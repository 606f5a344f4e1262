"""Proofs: the blocks of a cycle's trees, and a path from any line to the public root, however many there are."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from clearing import proof_blocks, proofs
from clearing.models import Cycle, ProofBlock, Trade
from clearing.queries import trade_proof
from clearing.recomputation import changed_cycles
from clearing.states import ProofTree
from marketplace.kernel.errors import Missing
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.merkle import leaf_hash, proves

from . import factories


def refused(sql: str, *values: object, because: str) -> None:
    """The database refuses the statement, and says why."""
    with pytest.raises(IntegrityError, match=because), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


BLOCK = (
    "INSERT INTO clearing_proofblock (cycle_id, tree, index, first_key, first_leaf, lines, root)"
    " VALUES (%s, %s, %s, 'a', '00', %s, '00')"
)


def test_the_blocks_of_a_tree_come_whole_and_stay(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    closing = factories.clear(market, "closing")
    refused(BLOCK, closing.pk, "trades", 1, 5, because="do not come whole")
    refused(f"{BLOCK}, (%s, 'trades', 1, 'b', '00', 3, '00')", closing.pk, "trades", 0, 5, closing.pk, because="do not come whole")  # fmt: skip
    refused(BLOCK, closing.pk, "positions", 0, 5, because="do not come whole")
    refused(BLOCK, closing.pk, "trades", 0, 1_025, because="proof_block_lines")
    refused(BLOCK, market.cycle.pk, "trades", 0, 1, because="do not come whole")
    cycle = factories.advance_to(closing, "validated")
    refused(BLOCK, cycle.pk, "trades", 1, 1, because="do not come whole")
    refused(BLOCK, cycle.pk, "trades", 0, 1, because="proof_block_once|do not come whole")
    refused("UPDATE clearing_proofblock SET root = '11'", because="append-only")
    refused("DELETE FROM clearing_proofblock", because="append-only")
    assert list(ProofBlock.objects.values_list("tree", "index", "lines")) == [("trades", 0, 1)]


def test_the_leaf_of_a_trade_is_what_its_row_says(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    line = f"{trade.business_key}|trade|{trade.buyer_key}|{trade.seller_key}|10000|1000|1000|500|1000|seller"
    Trade.objects.filter(pk=trade.pk).update(leaf=b"something else")
    assert bytes(Trade.objects.get(pk=trade.pk).leaf) == leaf_hash(line.encode())
    assert trade_proof_line(market, trade) == line


def trade_proof_line(market: factories.Market, trade: Trade) -> str:
    factories.clear(market, "netted")
    trade.refresh_from_db()
    return str(trade_proof(trade)["line"])


def test_a_netted_cycle_has_its_public_root_before_anything_is_posted(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    validated = factories.clear(market, "validated")
    assert (validated.trades_root, validated.merkle_root) == (
        leaf_hash(bytes(trade_line(trade))).hex(),
        None,
    )
    with pytest.raises(Missing):
        trade_proof(Trade.objects.get(pk=trade.pk))
    netted = factories.advance_to(validated, "netted")
    assert trade_proof(Trade.objects.get(pk=trade.pk))["merkle_root"] == netted.merkle_root
    refused(
        "UPDATE clearing_cycle SET merkle_root = 'x' WHERE id = %s", netted.pk, because="cannot be changed"
    )


def trade_line(trade: Trade) -> bytes:
    return (
        f"{trade.business_key}|trade|{trade.buyer_key}|{trade.seller_key}|{trade.price_minor}|{trade.tax_minor}"
        f"|{trade.tax_rate_bp}|{trade.fee_minor}|{trade.fee_tax_rate_bp}|{trade.fee_payer}"
    ).encode()


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of four lines, so that a few trades fill several: a constant of ours, not a stand-in for code."""
    from clearing import lines

    for module in (lines, proofs, proof_blocks):
        if hasattr(module, "BLOCK_LINES"):
            monkeypatch.setattr(module, "BLOCK_LINES", 4)
    sql = lines.PORTION.replace(f"LIMIT {lines.PORTION_LINES}", "LIMIT 8")
    monkeypatch.setattr(proofs, "PORTION", sql)
    monkeypatch.setattr("clearing.queries.proofs.BLOCK_LINES", 4)


def test_every_line_is_proven_across_blocks_and_among_its_like(market, small_blocks):
    trades = [factories.accepted(market, "buyer", "seller", 1_000 + number) for number in range(5)]
    for _ in range(7):
        factories.adjust(market, trades[1], "seller", "buyer", 105)
    closing = factories.clear(market, "closing")
    # The guard wants full blocks of 1,024 lines; it stands aside for blocks of four.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE clearing_proofblock DISABLE TRIGGER USER")
    cycle = factories.advance_to(closing, "netted")
    assert list(
        ProofBlock.objects.filter(tree="trades").order_by("index").values_list("lines", flat=True)
    ) == [4, 4, 4]
    tree = proof_blocks.ProofTreeReader(cycle, ProofTree.TRADES)
    places = [tree.place(trade.business_key, trade_line(trade)) for trade in trades]
    adjustment = (
        f"{trades[1].business_key}|adjustment|{trades[1].seller_key}|{trades[1].buyer_key}|105|10|1000"
    )
    lines = [*map(trade_line, trades), *(f"{adjustment}|{copy}".encode() for copy in range(1, 8))]
    places += [tree.place(trades[1].business_key, line) for line in lines[5:]]
    assert sorted(places) == list(range(12))
    for line, place in zip(lines, places, strict=True):
        path = [*tree.path(place), *tree.upper.path(place // 4)]
        root = bytes.fromhex(str(cycle.trades_root))
        assert proves(leaf=leaf_hash(line), index=place, size=12, proof=path, root=root)
    with pytest.raises(KeyError):
        tree.place(trades[0].business_key, b"what nobody agreed")
    assert changed_cycles() == []


def test_blocks_that_were_changed_are_noticed(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "netted")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE clearing_proofblock DISABLE TRIGGER USER")
        cursor.execute("UPDATE clearing_proofblock SET first_key = 'z' WHERE tree = 'positions'")
        cursor.execute("ALTER TABLE clearing_proofblock ENABLE TRIGGER USER")
    found = verify_all("clearing")["clearing.closed_cycle_never_changes"]
    assert found == [{"cycle": Cycle.objects.get(pk=cycle.pk).business_key, "differs": ["positions_blocks"]}]
