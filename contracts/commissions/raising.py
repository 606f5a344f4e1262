"""A talk about the price of commissioned work that is agreed while its agreement is in force raises the price, in the same transaction."""

from __future__ import annotations

from typing import Final

from marketplace.kernel.actors import Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants.authority import LimitedAct
from marketplace.participants.authority_queries import Stake
from marketplace.participants.services import CommittingAct, commit_organisation, lock_limits

from ..models import Adjustment, Agreement
from ..services.agreements import make_adjustment
from ..states import PRICE_TALK, AgreementState, Party
from .states import TalkAnswer
from .talk_models import PriceTalk

COMMAND: Final = "contracts.answer_talk"
RAISED: Final = "価格協議による増額 / agreed in a talk about the price ({talk})"
STATE_IT: Final = Label(
    "the agreement is in force: state what you pay in addition, in minor units without tax",
    "契約は有効です。追加で支払う額（税抜、最小単位）を指定してください",
)
STATE_NOTHING: Final = Label(
    "state an amount only where you agree, in whole or in part, while the agreement is in force; before, propose the price",
    "金額は、契約が有効な間に全部または一部に応じる場合に限り指定できます。契約前は価格を提案してください",
)


def agreement_to_raise(talk: PriceTalk, answer: str, added_minor: int | None) -> Agreement | None:
    """The agreement, locked, whose price an answer raises by ``added_minor``; None where it is not in force, or nothing is agreed.

    Raises FieldInvalid where the amount is missing, or has no place.
    """
    found = Agreement.objects.select_for_update().filter(negotiation=talk.negotiation_id).first()
    is_raised = (
        found is not None
        and found.state == AgreementState.IN_FORCE
        and answer in (TalkAnswer.AGREED, TalkAnswer.PARTLY)
    )
    if is_raised != (added_minor is not None):
        raise FieldInvalid("added_minor", STATE_IT if is_raised else STATE_NOTHING)
    if not is_raised or added_minor is None:
        return None
    require_amount("added_minor", added_minor)
    return found


def raise_price(actor: Actor, talk: PriceTalk, agreement: Agreement, added_minor: int) -> Adjustment:
    """Have the buyer owe ``added_minor`` in addition, with its tax, through clearing; it is a signatory, within its authority.

    Emits adjustment.due. Raises PermissionNeeded, ProofNeeded, ColleagueNeeded, NobodyDecides, AboveAuthority.
    """
    actor.require(Permission.CONTRACTS_SIGN)
    actor.require_person()
    commit_organisation(
        actor=actor,
        limits=lock_limits(actor.require_organisation()),
        act=CommittingAct(Permission.CONTRACTS_SIGN, COMMAND, talk.public_id, {"added_minor": added_minor}),
        stakes=[Stake(LimitedAct.BUY.value, added_minor, agreement.currency)],
    )
    return make_adjustment(
        actor,
        agreement,
        debtor=Party.BUYER,
        charge=1,
        amount_minor=added_minor,
        reason=RAISED.format(talk=talk.public_id),
        reason_code=PRICE_TALK,
    )
