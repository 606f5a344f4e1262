"""Proofs: the blocks of a cycle's trees, and a path from any line to the public root, however many there are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from clearing.models import Cycle, NetPosition, ProofBlock, Trade
from clearing.netting import position_statements, proof_blocks, proofs
from clearing.netting.position_statements import position_statement
from clearing.netting.proof_blocks import PositionsTree, TradesTree
from clearing.netting.queries import trade_proof
from clearing.netting.recomputation import changed_cycles
from clearing.trades.lines import PAGE_LINES, PORTION, PORTION_LINES
from marketplace.kernel.errors import Missing
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.merkle import HASH_BYTES, hash_pages, leaf_hash
from tests.merkle import verify_inclusion
from tests.roles import as_owner, assert_refused, unguarded

from .. import factories


def refused(sql: str, *values: object, because: str) -> None:
    """The database refuses the statement, and says why."""
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(sql, values), because=because)


BLOCK = (
    "INSERT INTO clearing_proofblock (cycle_id, tree, index, first_leaf, lines, root)"
    " VALUES (%s, %s, %s, '00', %s, '00')"
)


def test_the_blocks_of_a_tree_come_whole_and_stay(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    closing = factories.clear(market, "closing")
    refused(BLOCK, closing.pk, "trades", 1, 5, because="are incomplete, or inserted in another step")
    refused(f"{BLOCK}, (%s, 'trades', 1, '00', 3, '00')", closing.pk, "trades", 0, 5, closing.pk, because="are incomplete, or inserted in another step")  # fmt: skip
    refused(BLOCK, closing.pk, "positions", 0, 5, because="are incomplete, or inserted in another step")
    refused(BLOCK, closing.pk, "trades", 0, 1_025, because="proof_block_lines")
    refused(BLOCK, market.cycle.pk, "trades", 0, 1, because="are incomplete, or inserted in another step")
    cycle = factories.advance_to(closing, "validated")
    refused(BLOCK, cycle.pk, "trades", 1, 1, because="are incomplete, or inserted in another step")
    refused(
        BLOCK,
        cycle.pk,
        "trades",
        0,
        1,
        because="proof_block_once|are incomplete, or inserted in another step",
    )
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
        hash_pages(leaf_hash(bytes(trade_line(trade))), PAGE_LINES).hex(),
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
    """Pages of two lines and blocks of four, so that a few trades fill several: constants of ours, not stand-ins for code."""
    for module, name, value in (
        (proof_blocks, "PAGE_LINES", 2),
        (proof_blocks, "BLOCK_LINES", 4),
        (proofs, "PAGE_LINES", 2),
        (proofs, "BLOCK_BYTES", 4 * HASH_BYTES),
        (proofs, "PORTION", PORTION.replace(f"LIMIT {PORTION_LINES}", "LIMIT 3")),
        (position_statements, "PAGE_LINES", 2),
        (position_statements, "BLOCK_LINES", 4),
    ):
        assert hasattr(module, name)
        monkeypatch.setattr(module, name, value)


def in_small_blocks(market: factories.Market) -> tuple[Cycle, list[bytes]]:
    """A netted cycle of twelve lines in small blocks: five trades', and seven of one trade that are the same but for one
    field; and these lines."""
    trades = [factories.accepted(market, "buyer", "seller", 1_000 + number) for number in range(5)]
    for _ in range(7):
        factories.adjust(market, trades[1], "seller", "buyer", 110)
    closing = factories.clear(market, "closing")
    # The guard wants full blocks of 1,024 lines; it stands aside for blocks of four.
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE clearing_proofblock DISABLE TRIGGER USER")
    adjustment = (
        f"{trades[1].business_key}|adjustment|{trades[1].seller_key}|{trades[1].buyer_key}|110|11|1000"
    )
    further = [f"{adjustment}|{copy}".encode() for copy in range(1, 8)]
    return factories.advance_to(closing, "netted"), [*map(trade_line, trades), *further]


def test_every_line_is_proven_across_blocks_and_among_its_like(market, small_blocks):
    cycle, lines_of_cycle = in_small_blocks(market)
    assert list(
        ProofBlock.objects.filter(tree="trades").order_by("index").values_list("lines", flat=True)
    ) == [4, 4, 4]
    tree, root = TradesTree(cycle), bytes.fromhex(str(cycle.trades_root))
    shown = [(line, tree.proof(line)) for line in lines_of_cycle]
    in_order = sorted(lines_of_cycle, key=leaf_hash)
    for line, proof in shown:
        assert in_order[proof.index] == line
        leaves = [*proof.page]
        leaves.insert(proof.index % 2, leaf_hash(line))
        page = hash_pages(b"".join(leaves), 2)
        path = [*proof.path, *proof.upper]
        assert verify_inclusion(leaf=page, index=proof.index // 2, size=6, proof=path, root=root)
    with pytest.raises(KeyError):
        tree.proof(b"what nobody agreed")
    assert changed_cycles() == []


def test_a_statement_over_several_blocks_is_verified_without_the_market(market, small_blocks, tmp_path):
    cycle, _ = in_small_blocks(market)
    for party in ("buyer", "seller"):
        position = NetPosition.objects.get(cycle=cycle, organisation=market.party(party))
        document = json.loads(b"".join(position_statement(position)))
        assert [len(row["path"]) for row in document["statement"]["lines"]] == [1] * 12
        assert document["statement"]["lines"] != []
        file = tmp_path / f"{party}.json"
        file.write_text(json.dumps(document))
        assert verified(file) == 0
        document["statement"]["lines"][0]["path"] = ["0" * 64]
        file.write_text(json.dumps(document))
        assert verified(file) == 1


def verified(file: Path) -> int:
    """The exit status of the script that participants are given."""
    script = Path(proofs.__file__).with_name("verify_statement.py")
    return subprocess.run([sys.executable, str(script), str(file)], capture_output=True).returncode


def test_where_no_block_is_a_line_is_not(market, small_blocks):
    cycle, lines_of_cycle = in_small_blocks(market)
    tree = PositionsTree(cycle)
    for beyond in (b"|0", b"zzz|0", lines_of_cycle[0]):
        with pytest.raises(KeyError):
            tree.proof(beyond)


def test_blocks_that_were_changed_are_noticed(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "netted")
    with unguarded("clearing_proofblock"), connection.cursor() as cursor:
        cursor.execute("UPDATE clearing_proofblock SET first_leaf = 'z' WHERE tree = 'positions'")
    found = verify_all("clearing")["clearing.closed_cycle_never_changes"]
    assert found == [{"cycle": Cycle.objects.get(pk=cycle.pk).business_key, "differs": ["positions_blocks"]}]
