"""Who may dispute what, what can be asked and decided, and within which days. One home of each, pure.

Every table is by who opened the dispute.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from ..states import DisputeOutcome, DisputeParty, DisputeReason

BUYER, SELLER, THIRD = DisputeParty.BUYER, DisputeParty.SELLER, DisputeParty.THIRD_PARTY


class Subject(StrEnum):
    """What a dispute is on."""

    DELIVERY = "delivery"
    QUALITY = "quality"
    PAYMENT = "payment"
    USE = "use"
    RIGHTS = "rights"
    OTHER = "other"


REASONS: Final[Mapping[DisputeReason, tuple[Subject, tuple[DisputeParty, ...]]]] = {
    DisputeReason.INCOMPLETE: (Subject.DELIVERY, (BUYER,)),
    DisputeReason.DAMAGED: (Subject.DELIVERY, (BUYER,)),
    DisputeReason.NOT_RECEIVED: (Subject.DELIVERY, (BUYER,)),
    DisputeReason.NOT_AS_DESCRIBED: (Subject.QUALITY, (BUYER,)),
    DisputeReason.OVERCHARGED: (Subject.PAYMENT, (BUYER,)),
    DisputeReason.UNPAID: (Subject.PAYMENT, (SELLER,)),
    DisputeReason.USE_OUTSIDE: (Subject.USE, (SELLER, THIRD)),
    DisputeReason.RIGHTS_DEFECT: (Subject.RIGHTS, (BUYER,)),
    DisputeReason.INFRINGEMENT: (Subject.RIGHTS, (THIRD,)),
    DisputeReason.OTHER: (Subject.OTHER, (BUYER, SELLER)),
}
"""What each reason is on, and who may state it."""

OUTCOMES: Final[Mapping[DisputeParty, tuple[DisputeOutcome, ...]]] = {
    BUYER: (
        DisputeOutcome.DISMISSED,
        DisputeOutcome.REDELIVERY,
        DisputeOutcome.REFUND,
        DisputeOutcome.REDUCTION,
        DisputeOutcome.TERMINATION,
    ),
    SELLER: (
        DisputeOutcome.DISMISSED,
        DisputeOutcome.PAYMENT,
        DisputeOutcome.STOP_OF_USE,
        DisputeOutcome.TERMINATION,
    ),
    THIRD: (DisputeOutcome.DISMISSED, DisputeOutcome.STOP_OF_USE, DisputeOutcome.TERMINATION),
}
"""What may be decided."""

SETTLEMENTS: Final[Mapping[DisputeParty, tuple[DisputeOutcome, ...]]] = {
    BUYER: (
        DisputeOutcome.WITHDRAWN,
        DisputeOutcome.REDELIVERY,
        DisputeOutcome.REFUND,
        DisputeOutcome.REDUCTION,
        DisputeOutcome.TERMINATION,
    ),
    SELLER: (
        DisputeOutcome.WITHDRAWN,
        DisputeOutcome.PAYMENT,
        DisputeOutcome.STOP_OF_USE,
        DisputeOutcome.TERMINATION,
    ),
    # What binds the buyer is not settled between others.
    THIRD: (DisputeOutcome.WITHDRAWN,),
}
"""What may be agreed."""

SUSPENSION: Final = "suspension"
DAMAGES: Final = "damages"
CLAIMS: Final[Mapping[DisputeParty, tuple[str, ...]]] = {
    party: (
        *(outcome.value for outcome in outcomes if outcome is not DisputeOutcome.DISMISSED),
        *((SUSPENSION,) if party is not BUYER else ()),
        DAMAGES,
    )
    for party, outcomes in OUTCOMES.items()
}
"""What may be asked. ``suspension``: of access until the decision, which is for people of the operator. ``damages``: a sum outside
the market, which is only recorded."""

MAY_EXPEL: Final[Mapping[DisputeParty, tuple[DisputeParty, ...]]] = {
    BUYER: (SELLER,),
    SELLER: (BUYER,),
    THIRD: (SELLER, BUYER),
}
"""Whose expulsion the mediator may propose with a decision that is not a dismissal."""

WITH_AMOUNT: Final = (DisputeOutcome.REDUCTION, DisputeOutcome.PAYMENT)
"""Outcomes that need an amount."""
MAY_HAVE_AMOUNT: Final = (*WITH_AMOUNT, DisputeOutcome.TERMINATION)
"""Outcomes that may have one; of a termination it comes back of what was accepted."""
AMOUNT_CLAIMS: Final = (DisputeOutcome.REDUCTION.value, DisputeOutcome.PAYMENT.value, DAMAGES)
"""Claims that name an amount."""
CLAIMS_MAX: Final = 6

HOLDING: Final = (BUYER,)
"""Whose dispute holds money that was not released yet, and before acceptance closes access and stops the inspection. A seller's or
a third party's holds nothing by itself."""
RESPONDENT: Final[Mapping[DisputeParty, DisputeParty]] = {BUYER: SELLER, SELLER: BUYER, THIRD: SELLER}
"""Who answers."""

DISPUTE_DAYS: Final = 30
"""Calendar days after acceptance within which the buyer may still dispute."""
ANSWER_DAYS: Final = 14
REPLY_DAYS: Final = 7
"""Calendar days from the last answer within which each side may reply once."""
DECISION_DAYS: Final = 45
"""Calendar days from the opening within which the mediator decides."""
SETTLEMENT_DAYS: Final = 7
REMEDY_DAYS: Final = 3
"""Calendar days within which what was decided or agreed is carried out; then people are asked."""
REMINDED_DAYS: Final = 5
"""So many days before the decision is due the mediator is reminded."""
FILES_MAX: Final = 10
"""Files of one side of a dispute, at most."""
