"""Tell those who have agreements with a suspended organisation what that means for them."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from marketplace.kernel.suspensions import EFFECTS, SuspensionKind
from marketplace.notices import services as notices
from marketplace.notices.suspension_texts import COUNTERPARTY_SUSPENDED
from marketplace.participants import queries as participants

from ..models import Agreement
from ..states import AgreementState


@transaction.atomic
def notify_counterparties(*, organisation: str, suspension: str, kind: str) -> int:
    """Notify each other party of an agreement in force with a suspended organisation; returns the number of notices.

    The reason is not told; the kind only as far as the others have to know it (``kernel.suspensions``). Nothing happens if
    the organisation is active again.
    """
    party = participants.get_organisation(organisation)
    if party.is_active:
        return 0
    pairs = Agreement.objects.filter(
        Q(buyer_id=party.id) | Q(seller_id=party.id), state=AgreementState.IN_FORCE
    ).values_list("buyer_id", "seller_id")
    others = sorted({key for pair in pairs for key in pair} - {party.id})
    told = EFFECTS[SuspensionKind(kind)].told
    wording = COUNTERPARTY_SUSPENDED.fill(party=party.name, told=told.as_dict())
    notices.send_notices(subject=suspension, wordings=dict.fromkeys(others, wording))
    return len(others)
