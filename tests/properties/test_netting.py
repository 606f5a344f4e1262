"""What holds of netting, tax and entries for any obligations whatever."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearing.invoices.document import InvoiceLine, tax_once_per_rate
from clearing.ledger.states import AccountKind, LineKind
from clearing.netting.positions import PartyTotal, Position, net_positions, summarise
from clearing.netting.proofs import blocks_over, output_digest, root_over
from clearing.trades.lines import BLOCK_LINES, PAGE_LINES
from clearing.trades.states import ObligationKind
from marketplace.kernel.labels import Label
from marketplace.kernel.merkle import MerkleTree, leaf_hash, merkle_root, packed_merkle_root
from marketplace.kernel.money import allocate, share_of
from tests.clearing.planning import plan_of
from tests.merkle import verify_inclusion

OPERATOR = 1
PARTIES = st.integers(2, 6)
AMOUNTS = st.integers(0, 10**12)
RATES = st.sampled_from([0, 800, 1_000])
KINDS = tuple(ObligationKind.values)


@st.composite
def obligations(draw):
    """Obligations as (kind, debtor, creditor, amount, tax, rate): prices and corrections between parties, fees to the operator."""
    kind = draw(st.sampled_from(KINDS))
    one = draw(PARTIES)
    other = draw(PARTIES.filter(lambda party: party != one))
    amount, rate = draw(AMOUNTS), draw(RATES)
    if kind == "fee":
        return (kind, one, OPERATOR, amount, 0, rate)
    if kind == "fee_refund":
        return (kind, OPERATOR, one, amount, share_of(amount, rate), rate)
    return (kind, one, other, amount, share_of(amount, rate), rate)


def totals(owing, side):
    """The obligations summed by one side, kind and rate, as the database sums them."""
    sums = defaultdict(lambda: [0, 0])
    for kind, debtor, creditor, amount, tax, rate in owing:
        found = sums[(debtor if side == "debtor" else creditor, kind, rate)]
        found[0] += amount
        found[1] += tax
    return [PartyTotal(party, kind, rate, *found) for (party, kind, rate), found in sums.items()]


def netted(owing):
    return net_positions(owed=totals(owing, "debtor"), due=totals(owing, "creditor"), operator_id=OPERATOR)


@given(st.lists(obligations(), max_size=40))
def test_positions_sum_to_zero(owing):
    positions = netted(owing)
    assert sum(position.net_minor for position in positions.values()) == 0
    assert sum(position.fees_minor + position.fee_refunds_minor for position in positions.values()) == 0
    assert sum(position.fee_tax_minor + position.fee_refund_tax_minor for position in positions.values()) == 0
    assert sum(sum(position.parts[:4]) for position in positions.values()) == 0


@given(st.lists(obligations(), max_size=40), st.randoms(use_true_random=False))
def test_positions_do_not_depend_on_order(owing, random):
    shuffled = list(owing)
    random.shuffle(shuffled)
    positions, others = netted(owing), netted(shuffled)
    assert others == positions
    named, renamed = (
        {f"party{key}": (*found.parts, found.net_minor) for key, found in both.items()}
        for both in (positions, others)
    )
    digest = output_digest(currency="JPY", positions=named)
    assert output_digest(currency="JPY", positions=renamed) == digest
    assert len(digest.output_hash) == len(digest.positions_root) == 64


@given(st.lists(obligations(), max_size=40))
def test_what_each_party_is_due_is_what_its_obligations_say(owing):
    """Counted anew, obligation by obligation; only the tax of fees is of the whole, once a rate. Refunds state theirs."""
    expected: dict[int, int] = defaultdict(int)
    fees: dict[tuple[int, int], int] = defaultdict(int)
    for kind, debtor, creditor, amount, tax, rate in owing:
        expected[debtor] -= amount + tax
        expected[creditor] += amount + tax
        if kind == "fee":
            fees[debtor, rate] += amount
    for (party, rate), amount in fees.items():
        tax = amount * rate // 10_000
        expected[party] -= tax
        expected[OPERATOR] += tax
    found = {key: position.net_minor for key, position in netted(owing).items()}
    assert found == {key: expected[key] for key in found}
    assert set(expected) <= set(found)


@given(st.lists(obligations(), max_size=40))
def test_netting_never_makes_more_of_it(owing):
    positions = netted(owing)
    summary = summarise(positions)
    assert 0 <= summary.net_minor <= summary.gross_minor
    stated = sum(amount + tax for _, _, _, amount, tax, _ in owing)
    fee_tax = sum(position.fee_tax_minor for key, position in positions.items() if key != OPERATOR)
    assert summary.gross_minor >= stated - abs(fee_tax)
    assert summary.payments_after <= len(positions)


@given(st.lists(st.tuples(st.integers(0, 10**9), RATES), min_size=1, max_size=60))
def test_tax_on_fees_is_rounded_once_per_rate(fees):
    owing = [("fee", 2, OPERATOR, amount, 0, rate) for amount, rate in fees]
    by_rate = defaultdict(int)
    for amount, rate in fees:
        by_rate[rate] += amount
    expected = sum(amount * rate // 10_000 for rate, amount in by_rate.items())
    assert netted(owing)[2].fee_tax_minor == -expected
    day = date(2030, 1, 31)
    lines = [InvoiceLine(Label("fee", "手数料"), amount, rate, "trd", "PO", day) for amount, rate in fees]
    assert sum(tax for _, tax in tax_once_per_rate(lines).values()) == expected
    by_line = sum(amount * rate // 10_000 for amount, rate in fees)
    assert 0 <= expected - by_line < len(fees)


POSITIONS = st.builds(
    Position,
    purchases_minor=st.integers(-(10**9), 0),
    purchase_tax_minor=st.integers(-(10**8), 0),
    sales_minor=st.integers(0, 10**9),
    sales_tax_minor=st.integers(0, 10**8),
    fees_minor=st.integers(-(10**9), 0),
    fee_tax_minor=st.integers(-(10**8), 0),
    fee_refunds_minor=st.integers(0, 10**6),
    fee_refund_tax_minor=st.integers(0, 10**5),
    corrections_paid_minor=st.integers(-(10**9), 0),
    corrections_received_minor=st.integers(0, 10**9),
    shares_paid_minor=st.integers(-(10**6), 0),
    shares_received_minor=st.integers(0, 10**6),
    deferred_minor=st.integers(-(10**9), 10**9),
)


@pytest.mark.django_db
@given(POSITIONS, st.integers(0, 10**9))
def test_an_entry_takes_what_was_set_aside_and_pays_what_is_left(position, claim):
    plan = plan_of(position, claim_minor=claim)
    moved: dict[AccountKind, int] = defaultdict(int)
    for line in plan:
        assert line.amount_minor > 0
        moved[line.debit] += line.amount_minor
        moved[line.credit] -= line.amount_minor
    assert sum(moved.values()) == 0
    left = max(position.unsecured_minor, 0)
    assert -moved[AccountKind.RECEIVABLE] == left + moved[AccountKind.CLAIM] >= 0
    covered = max(-position.unsecured_minor, 0)
    assert moved[AccountKind.AVAILABLE] == 0
    assert -claim <= moved[AccountKind.CLAIM] <= 0
    assert moved[AccountKind.PAYABLE] == covered - position.purchases_minor - position.purchase_tax_minor
    kinds = {line.kind for line in plan}
    assert not {LineKind.COVERED, LineKind.RECOVERED} <= kinds
    assert not {LineKind.DEFERRED, LineKind.AWAITED} <= kinds


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_shares_by_largest_remainder_sum_to_the_whole(total, weights):
    if not sum(weights):
        weights[0] = 1
    parts = allocate(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        exact = total * weight
        assert abs(part * sum(weights) - exact) < sum(weights)
    left_over = [abs(total) * weight % sum(weights) for weight in weights]
    rounded_up = [
        abs(part) > abs(total) * weight // sum(weights) for part, weight in zip(parts, weights, strict=True)
    ]
    given_to = [remainder for remainder, up in zip(left_over, rounded_up, strict=True) if up]
    kept_from = [remainder for remainder, up in zip(left_over, rounded_up, strict=True) if not up]
    assert min(given_to, default=1) >= max(kept_from, default=0)
    assert allocate(total, weights) == parts


@settings(max_examples=20)
@given(st.integers(0, 3_500))
def test_a_root_by_blocks_is_the_root_over_all_pages(size):
    leaves = [leaf_hash(f"{number:05d}|trade".encode()) for number in range(size)]
    pages = [
        hashlib.sha256(b"\x01" + b"".join(leaves[at : at + PAGE_LINES])).digest()
        for at in range(0, size, PAGE_LINES)
    ]
    blocks = blocks_over(b"".join(leaves))
    assert root_over(blocks) == merkle_root(pages).hex() == packed_merkle_root(b"".join(pages)).hex()
    assert [block.first_leaf for block in blocks] == [leaf.hex() for leaf in leaves[::BLOCK_LINES]]
    assert sum(block.lines for block in blocks) == size


@given(st.integers(1, 300), st.data())
def test_every_path_of_a_tree_proves_its_leaf_and_no_other(size, data):
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path, root = MerkleTree(leaves).inclusion_proof(index), merkle_root(leaves)
    assert verify_inclusion(leaf=leaves[index], index=index, size=size, proof=path, root=root)
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index)) if size > 1 else None
    if other is not None:
        assert not verify_inclusion(leaf=leaves[other], index=index, size=size, proof=path, root=root)
        assert not verify_inclusion(leaf=leaves[index], index=other, size=size, proof=path, root=root)
