"""The kinds of obligation: one row for each, and every set of kinds that follows from the rows. Pure.

Nothing else in clearing lists kinds: who asks which kinds are taxed, invoiced, netted, posted or deferred, and how,
reads it here. The kinds are in the order of ``states.ObligationKind``, in every set too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ..ledger.states import LineKind
from .states import LegalBasis, ObligationKind, PositionPart


class Role(StrEnum):
    """Who a side of an obligation is, by its part in the trade."""

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
    UNTAXED = "none"


class Document(StrEnum):
    """The invoice that an obligation stands on. ``invoices.states.InvoicePurpose`` gives the words."""

    PURCHASE = "purchase"
    FEE = "fee"
    FEE_REFUND = "fee_refund"
    CORRECTION = "correction"


class Returned(StrEnum):
    """Whether the document is a return invoice (返還請求書), which says what its issuer gives back."""

    NEVER = "never"
    ALWAYS = "always"
    IF_SELLER_OWES = "if the seller owes"


class Side(NamedTuple):
    """The debtor or the creditor: who it is, and where the amount and its tax stand in its position and its entry.

    The tax has the same part, and the same line, as the amount where these are with tax. The operator's entry has no
    line of it: what it earns is the other side of the participants' lines.
    """

    role: Role
    part: PositionPart
    tax_part: PositionPart
    line: LineKind | None
    tax_line: LineKind | None


@dataclass(frozen=True, slots=True)
class KindRow:
    """What holds of every obligation of one kind.

    ``document`` is the invoice that says it, None where no supply stands behind it; an ``aggregated`` document is one
    a participant and cycle, others are one an obligation. ``shortfall_rank`` is the place in the published order in
    which a shortfall is met, None for what is never deferred. ``secured``: the money was set aside beforehand.
    ``corrects``: it corrects a trade, and can be reversed. ``base``: one of it a trade, made with its acceptance.
    ``within_captured``: with others of its kind it is never more than was captured of its trade. ``expected_sum`` is
    the sum of a participant's expected payments that it is part of.
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
    within_captured: bool
    legal_basis: LegalBasis
    expected_sum: str

    @property
    def deferrable(self) -> bool:
        """Whether what is not settled is put off to the next cycle."""
        return self.shortfall_rank is not None

    @property
    def operator_is_party(self) -> bool:
        """Whether the operator owes it or is owed it."""
        return Role.OPERATOR in (self.debtor.role, self.creditor.role)

    @property
    def needs_beneficiary_key(self) -> bool:
        """Whether hashes name its creditor by ``beneficiary_key``, for it is no party to the trade."""
        return self.creditor.role is Role.BENEFICIARY

    @property
    def participant_field(self) -> str:
        """The side that is a participant where the other is the operator; else the debtor."""
        return "creditor" if self.debtor.role is Role.OPERATOR else "debtor"


_PAID, _RECEIVED = PositionPart.CORRECTIONS_PAID, PositionPart.CORRECTIONS_RECEIVED


def _correction(
    kind: ObligationKind, *, taxed: Taxed, document: Document | None, returned: Returned, rank: int
) -> KindRow:
    """What corrections have in common: they go either way between the parties of a trade, and stand in one part."""
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
        within_captured=kind == ObligationKind.REFUND,
        legal_basis=LegalBasis.ASSUMPTION_WITH_RELEASE,
        expected_sum="corrections_minor",
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
        within_captured=False,
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
        shortfall_rank=4,
        secured=False,
        corrects=False,
        base=True,
        within_captured=False,
        legal_basis=LegalBasis.MARKET_TERMS,
        expected_sum="fees_minor",
    ),
    _correction(
        ObligationKind.REFUND,
        taxed=Taxed.PER_TRADE,
        document=Document.CORRECTION,
        returned=Returned.IF_SELLER_OWES,
        rank=0,
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
        taxed=Taxed.PER_CYCLE,
        document=Document.FEE_REFUND,
        aggregated=True,
        returned=Returned.ALWAYS,
        shortfall_rank=None,
        secured=False,
        corrects=False,
        base=False,
        within_captured=True,
        legal_basis=LegalBasis.MARKET_TERMS,
        expected_sum="fees_minor",
    ),
    _correction(
        ObligationKind.ADJUSTMENT,
        taxed=Taxed.PER_TRADE,
        document=Document.CORRECTION,
        returned=Returned.IF_SELLER_OWES,
        rank=1,
    ),
    # A penalty is damages, which are outside consumption tax (不課税): it stands on statements alone.
    _correction(ObligationKind.PENALTY, taxed=Taxed.UNTAXED, document=None, returned=Returned.NEVER, rank=2),
    KindRow(
        kind=ObligationKind.SHARE,
        debtor=Side(
            Role.SELLER,
            PositionPart.SHARES_PAID,
            PositionPart.SHARES_PAID,
            LineKind.SHARES_PAID,
            LineKind.SHARES_PAID,
        ),
        creditor=Side(
            Role.BENEFICIARY,
            PositionPart.SHARES_RECEIVED,
            PositionPart.SHARES_RECEIVED,
            LineKind.SHARES_RECEIVED,
            LineKind.SHARES_RECEIVED,
        ),
        taxed=Taxed.UNTAXED,
        document=None,
        aggregated=False,
        returned=Returned.NEVER,
        shortfall_rank=3,
        secured=False,
        corrects=False,
        base=False,
        within_captured=True,
        legal_basis=LegalBasis.ASSUMPTION_WITH_RELEASE,
        expected_sum="shares_minor",
    ),
)

KINDS: dict[str, KindRow] = {row.kind.value: row for row in _ROWS}
"""The row of each kind, by its value."""


def _where(holds: Callable[[KindRow], bool]) -> tuple[ObligationKind, ...]:
    return tuple(row.kind for row in _ROWS if holds(row))


BASE_KINDS = _where(lambda row: row.base)
"""What an accepted trade always has, once each: its price and its fee."""

CORRECTION_KINDS = _where(lambda row: row.corrects)

OWED_TO_OPERATOR = _where(lambda row: row.creditor.role is Role.OPERATOR)
"""What the operator itself is owed: nobody else is the creditor, so it is summed by debtor alone."""

INVOICED_CORRECTIONS = _where(lambda row: row.corrects and row.document is not None)
"""Corrections of what was supplied, with tax. A penalty and a share are no supply: they stand on statements alone."""

UNINVOICED_KINDS = _where(lambda row: row.document is None)
"""What is owed without being a supply: no invoice says it."""

KINDS_WITHOUT_OWN_TAX = _where(lambda row: row.taxed is not Taxed.PER_TRADE)
"""Their obligations state no tax: there is none, or it is computed over the cycle."""

TAXED_PER_CYCLE = _where(lambda row: row.taxed is Taxed.PER_CYCLE)

UNSECURED_BETWEEN_PARTICIPANTS = _where(lambda row: not row.secured and not row.operator_is_party)
"""What one participant owes another without money having been set aside for it."""

NEVER_DEFERRED = _where(lambda row: not row.deferrable)
WITHIN_CAPTURED = _where(lambda row: row.within_captured)
BENEFICIARY_KINDS = _where(lambda row: row.needs_beneficiary_key)

PUBLISHED_ORDER = tuple(
    row.kind
    for row in sorted(
        (row for row in _ROWS if row.shortfall_rank is not None), key=lambda row: row.shortfall_rank or 0
    )
)
"""Which obligations are met first in a shortfall: what goes to participants before what is due to the operator."""

KINDS_OF_DOCUMENT: dict[Document, tuple[ObligationKind, ...]] = {
    document: tuple(row.kind for row in _ROWS if row.document is document) for document in Document
}
"""The kinds whose obligations stand on each document."""

AGGREGATED_DOCUMENTS: dict[Document, str] = {
    row.document: f"{row.participant_field}_id"
    for row in _ROWS
    if row.document is not None and row.aggregated
}
"""Documents that are one a participant and cycle → the column of the obligation that names the participant."""

OBLIGATION_DOCUMENTS = tuple(document for document in Document if document not in AGGREGATED_DOCUMENTS)
"""Documents that are one an obligation."""


class GrossLine(NamedTuple):
    """A gross line of a participant's entry: on which side it stands, in what kinds, and the parts it sums up.

    ``sign`` makes the parts positive: -1 for what the participant owes.
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
                # Each once, in the order of the table.
                kinds, parts = dict.fromkeys((*known.kinds, row.kind)), dict.fromkeys((*known.parts, part))
                found[line] = GrossLine(name, sign, tuple(kinds), tuple(parts))
    return found


GROSS_LINES: dict[LineKind, GrossLine] = _gross_lines()
"""Lines of a cycle's entry that are parts of the net position; the others say how a shortfall was met."""


def is_return(kind: str, *, seller_owes: bool) -> bool:
    """Whether the document of an obligation is a return invoice."""
    returned = KINDS[kind].returned
    return returned is Returned.ALWAYS or (returned is Returned.IF_SELLER_OWES and seller_owes)
