"""What a signature commits its party to, by the limits of authority of its organisation."""

from __future__ import annotations

from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission
from marketplace.participants.authority import LimitedAct
from marketplace.participants.authority_queries import Stake
from marketplace.participants.services import (
    CommittingAct,
    commit_organisation,
    require_authority,
)

from ..mandates.models import Mandate
from ..models import Negotiation
from ..signed_object import Subject
from ..states import Party

SIGN_COMMAND = "contracts.sign"
MANDATE_COMMAND = "contracts.sign_mandate"


def commit_party(
    actor: Actor, limits: int | None, negotiation: Negotiation, subject: Subject, mandate: Mandate | None
) -> None:
    """Record that a party signs for the price: both sign for its value, and the buyer buys for it.

    Whoever signed the ``mandate`` answers for what a program signs within it. Raises ColleagueNeeded, NobodyDecides, AboveAuthority, ProofNeeded.
    """
    acts = [LimitedAct.SIGN] if subject.party is Party.SELLER else [LimitedAct.SIGN, LimitedAct.BUY]
    commit_organisation(
        actor=actor,
        limits=limits,
        act=CommittingAct(
            Permission.CONTRACTS_SIGN,
            SIGN_COMMAND,
            negotiation.public_id,
            {"party": subject.party.value, "signed_hash": subject.signed_hash},
        ),
        stakes=[Stake(act.value, subject.price_minor, subject.currency) for act in acts],
        person=mandate.signed_by if mandate else "",
    )


def require_authority_to_mandate(actor: Actor, limits: int | None, mandate: Mandate, valid_days: int) -> None:
    """Let only somebody sign a mandate whose own limits allow its price, and its total within a month, to sign and to buy.

    What the program signs counts as its signer's besides. Raises ColleagueNeeded, NobodyDecides.
    """
    stakes = [
        Stake(act.value, mandate.price_max_minor, mandate.currency, mandate.total_max_minor)
        for act in (LimitedAct.SIGN, LimitedAct.BUY)
    ]
    content = {
        "key": mandate.key_id,
        "templates": list(mandate.templates),
        "counterparties": list(mandate.counterparties),
        "total_max_minor": mandate.total_max_minor,
        "total_days": mandate.total_days,
        "valid_days": valid_days,
    }
    act = CommittingAct(Permission.CONTRACTS_SIGN, MANDATE_COMMAND, mandate.program_identifier, content)
    require_authority(actor=actor, limits=limits, act=act, stakes=stakes)
