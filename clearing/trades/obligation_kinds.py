"""The table of the kinds of obligation, and the sets of kinds that follow from it. Pure.

No other module lists kinds: the table states how each kind is taxed, invoiced, netted, posted and deferred. The table
and every set are in the order of ``states.ObligationKind``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ..ledger.states import LineKind
from .states import LegalBasis, ObligationKind, PositionPart


class Role(StrEnum):
    """The roles that the debtor or creditor of an obligation can have in the trade."""

    BUYER = "buyer"
    SELLER = "seller"
    FEE_PAYER = "fee payer"
    OPERATOR = "operator"
    EITHER_PARTY = "either party of the trade"
    BENEFICIARY = "beneficiary"


class Taxed(StrEnum):
    """Where consumption tax is computed: a document rounds it once for each rate (Order, article 70-10)."""

    PER_TRADE = "once, at the rate of the trade"
    PER_CYCLE = "once per rate and participant over the cycle"
    PER_FEE_INVOICE = "once for all refunds of the fees on one invoice"
    UNTAXED = "none"


class Document(StrEnum):
    """The invoice that lists an obligation. ``invoices.states.InvoicePurpose`` has the labels."""

    PURCHASE = "purchase"
    FEE = "fee"
    FEE_REFUND = "fee_refund"
    CORRECTION = "correction"


class Returned(StrEnum):
    """Whether the document is a return invoice (返還請求書), which states what its issuer gives back."""

    NEVER = "never"
    ALWAYS = "always"
    IF_SELLER_OWES = "if the seller owes"


class Limit(StrEnum):
    """The figure of a trade within which all obligations of a kind stay together; ``limits`` has the figures."""

    PRICE = "the price, given back or charged in addition"
    FEE = "the fee, given back"
    PENALTY = "the agreed cap of penalties, else the gross"
    WITHHELD = "the income tax withheld from the price"
    SHARES = "the price, shared, less what beneficiaries gave back"


class Side(NamedTuple):
    """The debtor or the creditor: its role, and the parts and lines of amount and tax in its position and entry.

    Tax and amount have the same part and line if these include tax. The operator's entry has no lines for them: its
    earnings are the opposite side of the participants' lines.
    """

    role: Role
    part: PositionPart
    tax_part: PositionPart
    line: LineKind | None
    tax_line: LineKind | None


@dataclass(frozen=True, slots=True)
class KindRow:
    """The properties of all obligations of one kind.

    ``document`` is the invoice that lists it, None if it is no supply; there is one ``aggregated`` document per
    participant and cycle, and one of the others per obligation. ``shortfall_rank`` is the place in the published order
    in which a shortfall is met, None if the kind is never deferred. ``secured``: the money was set aside beforehand.
    ``corrects``: it corrects a trade, and can be reversed. ``base``: each trade has one, made with its acceptance.
    ``limit``: the figure of the trade that bounds all obligations of the kind together, None for a base kind.
    ``before_acceptance``: it can also be made before the trade is accepted. ``expected_sum`` is the sum of a
    participant's expected payments that includes it.
    """

    kind: ObligationKind
    debtor: Side
    creditor: Side
    taxed: Taxed
    document: Document | None
    aggregated: bool
    returned: Returned
    shortfall_rank: int | None
    secured: bool
    corrects: bool
    base: bool
    limit: Limit | None
    before_acceptance: bool
    legal_basis: LegalBasis
    expected_sum: str

    @property
    def deferrable(self) -> bool:
        """Whether an unsettled part is deferred to the next cycle."""
        return self.shortfall_rank is not None

    @property
    def operator_is_party(self) -> bool:
        """Whether the operator is debtor or creditor."""
        return Role.OPERATOR in (self.debtor.role, self.creditor.role)

    @property
    def needs_beneficiary_key(self) -> bool:
        """Whether hashes name a side by ``beneficiary_key``, because it is not a party to the trade."""
        return Role.BENEFICIARY in (self.debtor.role, self.creditor.role)

    @property
    def participant_field(self) -> str:
        """The participant's side if the other side is the operator; otherwise the debtor."""
        return "creditor" if self.debtor.role is Role.OPERATOR else "debtor"


_PAID, _RECEIVED = PositionPart.CORRECTIONS_PAID, PositionPart.CORRECTIONS_RECEIVED


def _correction(
    kind: ObligationKind,
    *,
    taxed: Taxed,
    document: Document | None,
    returned: Returned,
    rank: int,
    limit: Limit,
) -> KindRow:
    """A kind of correction: either party of the trade may owe it, and each side has one part for all corrections."""
    paid, received = LineKind.CORRECTIONS_PAID, LineKind.CORRECTIONS_RECEIVED
    return KindRow(
        kind=kind,
        debtor=Side(Role.EITHER_PARTY, _PAID, _PAID, paid, paid),
        creditor=Side(Role.EITHER_PARTY, _RECEIVED, _RECEIVED, received, received),
        taxed=taxed,
        document=document,
        aggregated=False,
        returned=returned,
        shortfall_rank=rank,
        secured=False,
        corrects=True,
        base=False,
        limit=limit,
        before_acceptance=kind == ObligationKind.ADJUSTMENT,
        legal_basis=LegalBasis.ASSUMPTION_WITH_RELEASE,
        expected_sum="corrections_minor",
    )


def _share(kind: ObligationKind, debtor: Role, creditor: Role, *, rank: int) -> KindRow:
    """A share of a price, or its return: outside consumption tax, with parts of its own on either side."""
    paid, received = LineKind.SHARES_PAID, LineKind.SHARES_RECEIVED
    return KindRow(
        kind=kind,
        debtor=Side(debtor, PositionPart.SHARES_PAID, PositionPart.SHARES_PAID, paid, paid),
        creditor=Side(
            creditor, PositionPart.SHARES_RECEIVED, PositionPart.SHARES_RECEIVED, received, received
        ),
        taxed=Taxed.UNTAXED,
        document=None,
        aggregated=False,
        returned=Returned.NEVER,
        shortfall_rank=rank,
        secured=False,
        corrects=False,
        base=False,
        limit=Limit.SHARES,
        before_acceptance=False,
        legal_basis=LegalBasis.ASSUMPTION_WITH_RELEASE,
        expected_sum="shares_minor",
    )


_ROWS = (
    KindRow(
        kind=ObligationKind.PURCHASE,
        debtor=Side(
            Role.BUYER,
            PositionPart.PURCHASES,
            PositionPart.PURCHASE_TAX,
            LineKind.PURCHASES,
            LineKind.PURCHASES,
        ),
        creditor=Side(
            Role.SELLER, PositionPart.SALES, PositionPart.SALES_TAX, LineKind.SALES, LineKind.SALES
        ),
        taxed=Taxed.PER_TRADE,
        document=Document.PURCHASE,
        aggregated=False,
        returned=Returned.NEVER,
        shortfall_rank=None,
        secured=True,
        corrects=False,
        base=True,
        limit=None,
        before_acceptance=False,
        legal_basis=LegalBasis.ASSUMPTION_WITH_RELEASE,
        expected_sum="sales_minor",
    ),
    KindRow(
        kind=ObligationKind.FEE,
        debtor=Side(Role.FEE_PAYER, PositionPart.FEES, PositionPart.FEE_TAX, LineKind.FEES, LineKind.FEE_TAX),
        creditor=Side(Role.OPERATOR, PositionPart.FEES, PositionPart.FEE_TAX, None, None),
        taxed=Taxed.PER_CYCLE,
        document=Document.FEE,
        aggregated=True,
        returned=Returned.NEVER,
        shortfall_rank=6,
        secured=False,
        corrects=False,
        base=True,
        limit=None,
        before_acceptance=False,
        legal_basis=LegalBasis.MARKET_TERMS,
        expected_sum="fees_minor",
    ),
    _correction(
        ObligationKind.REFUND,
        taxed=Taxed.PER_TRADE,
        document=Document.CORRECTION,
        returned=Returned.IF_SELLER_OWES,
        rank=1,
        limit=Limit.PRICE,
    ),
    KindRow(
        kind=ObligationKind.FEE_REFUND,
        debtor=Side(Role.OPERATOR, PositionPart.FEE_REFUNDS, PositionPart.FEE_REFUND_TAX, None, None),
        creditor=Side(
            Role.FEE_PAYER,
            PositionPart.FEE_REFUNDS,
            PositionPart.FEE_REFUND_TAX,
            LineKind.FEE_REFUNDS,
            LineKind.FEE_REFUND_TAX,
        ),
        taxed=Taxed.PER_FEE_INVOICE,
        document=Document.FEE_REFUND,
        aggregated=True,
        returned=Returned.ALWAYS,
        shortfall_rank=None,
        secured=False,
        corrects=False,
        base=False,
        limit=Limit.FEE,
        before_acceptance=False,
        legal_basis=LegalBasis.MARKET_TERMS,
        expected_sum="fees_minor",
    ),
    _correction(
        ObligationKind.ADJUSTMENT,
        taxed=Taxed.PER_TRADE,
        document=Document.CORRECTION,
        returned=Returned.IF_SELLER_OWES,
        rank=2,
        limit=Limit.PRICE,
    ),
    # A penalty is damages, which are outside consumption tax (不課税): only statements list it.
    _correction(
        ObligationKind.PENALTY,
        taxed=Taxed.UNTAXED,
        document=None,
        returned=Returned.NEVER,
        rank=3,
        limit=Limit.PENALTY,
    ),
    # The buyer keeps it back from the price and pays it to the tax office (Income Tax Act, articles 204 and 212).
    KindRow(
        kind=ObligationKind.WITHHOLDING,
        debtor=Side(Role.SELLER, _PAID, _PAID, LineKind.CORRECTIONS_PAID, LineKind.CORRECTIONS_PAID),
        creditor=Side(
            Role.BUYER, _RECEIVED, _RECEIVED, LineKind.CORRECTIONS_RECEIVED, LineKind.CORRECTIONS_RECEIVED
        ),
        taxed=Taxed.UNTAXED,
        document=None,
        aggregated=False,
        returned=Returned.NEVER,
        shortfall_rank=0,
        secured=False,
        corrects=False,
        base=False,
        limit=Limit.WITHHELD,
        before_acceptance=False,
        legal_basis=LegalBasis.ASSUMPTION_WITH_RELEASE,
        expected_sum="corrections_minor",
    ),
    _share(ObligationKind.SHARE, Role.SELLER, Role.BENEFICIARY, rank=4),
    _share(ObligationKind.SHARE_RETURN, Role.BENEFICIARY, Role.SELLER, rank=5),
)

KINDS: dict[str, KindRow] = {row.kind.value: row for row in _ROWS}
"""The row of each kind, by its value."""


def _kinds_where(holds: Callable[[KindRow], bool]) -> tuple[ObligationKind, ...]:
    return tuple(row.kind for row in _ROWS if holds(row))


BASE_KINDS = _kinds_where(lambda row: row.base)
"""Kinds of which an accepted trade has exactly one each: price and fee."""

CORRECTION_KINDS = _kinds_where(lambda row: row.corrects)


OWED_TO_OPERATOR = _kinds_where(lambda row: row.creditor.role is Role.OPERATOR)
"""Kinds whose only creditor is the operator; they are summed by debtor only."""

INVOICED_CORRECTIONS = _kinds_where(lambda row: row.corrects and row.document is not None)
"""Corrections of a supply, with tax. A penalty and a share are no supply: only statements list them."""

UNINVOICED_KINDS = _kinds_where(lambda row: row.document is None)
"""Kinds that are no supply, so no invoice lists them."""

KINDS_WITHOUT_OWN_TAX = _kinds_where(lambda row: row.taxed in (Taxed.PER_CYCLE, Taxed.UNTAXED))
"""Kinds whose obligations state no tax: there is none, or it is computed over the cycle."""

TAXED_PER_CYCLE = _kinds_where(lambda row: row.taxed is Taxed.PER_CYCLE)

UNSECURED = _kinds_where(lambda row: not row.secured and row.debtor.role is not Role.OPERATOR)
"""Kinds that a participant owes without money set aside."""

UNSECURED_BETWEEN_PARTICIPANTS = _kinds_where(lambda row: not row.secured and not row.operator_is_party)
"""Kinds that one participant owes another without money set aside."""

NEVER_DEFERRED = _kinds_where(lambda row: not row.deferrable)
LIMITED = _kinds_where(lambda row: row.limit is not None)
"""Kinds that a figure of their trade bounds: all but its price and fee."""

AFTER_ACCEPTANCE = _kinds_where(lambda row: row.limit is not None and not row.before_acceptance)
"""Limited kinds that only an accepted trade can have."""

KINDS_OF_LIMIT: dict[Limit, tuple[ObligationKind, ...]] = {
    limit: tuple(row.kind for row in _ROWS if row.limit is limit) for limit in Limit
}
"""The kinds that each limit bounds together."""

BENEFICIARY_KINDS = _kinds_where(lambda row: row.needs_beneficiary_key)

PUBLISHED_ORDER = tuple(
    row.kind
    for row in sorted(
        (row for row in _ROWS if row.shortfall_rank is not None), key=lambda row: row.shortfall_rank or 0
    )
)
"""The order in which a shortfall is met: obligations to participants before obligations to the operator."""

KINDS_OF_DOCUMENT: dict[Document, tuple[ObligationKind, ...]] = {
    document: tuple(row.kind for row in _ROWS if row.document is document) for document in Document
}
"""The kinds that each document lists."""

AGGREGATED_DOCUMENTS: dict[Document, str] = {
    row.document: f"{row.participant_field}_id"
    for row in _ROWS
    if row.document is not None and row.aggregated
}
"""Documents issued once per participant and cycle → the column of the obligation that names the participant."""

OBLIGATION_DOCUMENTS = tuple(document for document in Document if document not in AGGREGATED_DOCUMENTS)
"""Documents issued once per obligation."""


class GrossLine(NamedTuple):
    """A gross line of a participant's entry: its side, its kinds of obligation, and the parts that it sums up.

    ``sign`` makes the parts positive: -1 if the participant owes them.
    """

    side: str
    sign: int
    kinds: tuple[ObligationKind, ...]
    parts: tuple[PositionPart, ...]


def _gross_lines() -> dict[LineKind, GrossLine]:
    found: dict[LineKind, GrossLine] = {}
    for row in _ROWS:
        for name, sign, side in (("debtor", -1, row.debtor), ("creditor", 1, row.creditor)):
            for line, part in ((side.line, side.part), (side.tax_line, side.tax_part)):
                if line is None:
                    continue
                known = found.get(line, GrossLine(name, sign, (), ()))
                # Each line once, in the order of the table.
                kinds, parts = dict.fromkeys((*known.kinds, row.kind)), dict.fromkeys((*known.parts, part))
                found[line] = GrossLine(name, sign, tuple(kinds), tuple(parts))
    return found


GROSS_LINES: dict[LineKind, GrossLine] = _gross_lines()
"""Lines of a cycle's entry that are parts of the net position; the other lines settle it."""


def is_return(kind: str, *, seller_owes: bool) -> bool:
    """Whether the document of an obligation is a return invoice."""
    returned = KINDS[kind].returned
    return returned is Returned.ALWAYS or (returned is Returned.IF_SELLER_OWES and seller_owes)
