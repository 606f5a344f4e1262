"""The sides of a dispute: who they are, in whose scope it is, and what is told to them."""

from __future__ import annotations

from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.notices import services as notices
from marketplace.notices.texts import Wording

from ...disputing.models import Dispute
from ...disputing.rules import RESPONDENT
from ...models import Agreement
from ...states import DisputeParty


def locked_dispute(actor: Actor, public_id: str) -> tuple[Agreement, Dispute]:
    """The agreement and its dispute, both locked until the transaction ends, the agreement first. Raises Missing, also for a stranger."""
    of = Dispute.objects.filter(public_id=public_id).values_list("agreement_id", "third_party_id").first()
    if of is None:
        raise Missing(kind="dispute", identifier=public_id)
    agreement = Agreement.objects.select_for_update().get(pk=of[0])
    actor.require_scope(agreement.buyer_id, agreement.seller_id, of[1], kind="dispute", identifier=public_id)
    return agreement, Dispute.objects.select_for_update().get(public_id=public_id)


def sides(dispute: Dispute, agreement: Agreement) -> dict[DisputeParty, int]:
    """The organisation (database key) of each side of a dispute."""
    found = {DisputeParty.BUYER: agreement.buyer_id, DisputeParty.SELLER: agreement.seller_id}
    if dispute.third_party_id is not None:
        found[DisputeParty.THIRD_PARTY] = dispute.third_party_id
    return found


def side_of(actor: Actor, dispute: Dispute, agreement: Agreement) -> DisputeParty:
    """The side for which the actor speaks. Raises Forbidden for the operator."""
    if actor.role is Role.PARTICIPANT:
        for side, organisation in sides(dispute, agreement).items():
            if organisation == actor.organisation_id:
                return side
    raise Forbidden(needed=Label("a side of the dispute", "異議の当事者"))


def opposite(side: DisputeParty, dispute: Dispute) -> DisputeParty:
    """With whom a side settles: who opened the dispute and who answers it are opposite. Raises Forbidden for another."""
    opened_as = DisputeParty(dispute.opened_as)
    pair = {opened_as: RESPONDENT[opened_as], RESPONDENT[opened_as]: opened_as}
    if side not in pair:
        raise Forbidden(needed=Label("who opened the dispute or answers it", "申立人または答弁する当事者"))
    return pair[side]


def tell(
    dispute: Dispute, agreement: Agreement, wording: Wording, *, but: DisputeParty | None = None
) -> None:
    """Tell the sides, all ``but`` one."""
    told = {
        organisation: wording for side, organisation in sides(dispute, agreement).items() if side is not but
    }
    notices.send_notices(subject=dispute.public_id, wordings=told)
