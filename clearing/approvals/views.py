"""Commands of two people of the operator that release what lower floors hold."""

from __future__ import annotations

from typing import Any

from marketplace.api.views import command, create_command
from marketplace.events.models import InboxEntry
from marketplace.events.serializers import AbandonEntryInput, InboxEntrySerializer
from marketplace.evidence.models import KeyAnnouncement, Witness
from marketplace.evidence.serializers import AnnounceKeySerializer, KeyAnnouncementSerializer
from marketplace.evidence.views import KEY_EXAMPLE
from marketplace.evidence.views import KeyAnnouncementViewSet as KeyAnnouncementReadViewSet
from marketplace.evidence.witness_serializers import RegisterWitnessSerializer, WitnessSerializer
from marketplace.evidence.witness_views import WITNESS_EXAMPLE
from marketplace.evidence.witness_views import WitnessViewSet as WitnessReadViewSet
from marketplace.kernel.permissions import Permission
from marketplace.notices.views import RepairableEntryViewSet
from marketplace.participants.models import Organisation
from marketplace.participants.serializers import OrganisationProfileSerializer
from marketplace.participants.suspension_serializers import ReinstateSerializer
from marketplace.participants.views import OrganisationViewSet as OrganisationRecordViewSet
from marketplace.rules.models import Halt
from marketplace.rules.serializers import HaltSerializer, LiftHaltSerializer
from marketplace.rules.views import LIFT_EXAMPLE
from marketplace.rules.views import HaltViewSet as HaltingViewSet

from .halts import lift_halt_by_two
from .market_keys import announce_key_by_two
from .parked_events import abandon_parked_event
from .reinstatements import reinstate_by_two
from .witnesses import end_witness_by_right, register_witness_by_right


class ParkedEntryViewSet(RepairableEntryViewSet):
    """Inbox entries: each is one event for one handler. The operator retries parked entries, or gives them up."""

    @command(
        summary="Give up a parked inbox entry",
        needs=Permission.SUPPORT_WRITE,
        request=AbandonEntryInput,
        response=InboxEntrySerializer,
        example={"reason": "The trade was refunded by hand."},
    )
    def abandon(self, data: dict[str, Any], entry: str) -> InboxEntry:
        """Give up a parked entry; by two people unless its subscriber only tells people something (operator)."""
        return abandon_parked_event(actor=self.actor, entry_id=self.get_object().pk, **data)


class HaltViewSet(HaltingViewSet):
    """Halts, in force and lifted; public. One person of the operator halts trading, two lift a halt."""

    @command(
        summary="Lift a trading halt",
        request=LiftHaltSerializer,
        response=HaltSerializer,
        needs=Permission.RULEBOOK_WRITE,
        filterset_class=None,
        example=LIFT_EXAMPLE,
    )
    def lift(self, data: dict[str, Any], public_id: str) -> Halt:
        """Lift a halt, so that agreements can be concluded again; takes two people (operator)."""
        return lift_halt_by_two(actor=self.actor, halt=public_id, **data)


class OrganisationViewSet(OrganisationRecordViewSet):
    """Organisations on record. Only the organisation itself and the operator read its full profile."""

    @command(
        summary="End a suspension of an organisation",
        request=ReinstateSerializer,
        response=OrganisationProfileSerializer,
        needs=Permission.ADMISSION_WRITE,
        example={"suspension": "sus_01KM2J8W5B4N6T0V3X7Z9Q1R2S"},
    )
    def reinstate(self, data: dict[str, Any], public_id: str) -> Organisation:
        """End a suspension of an organisation, named if several stand; takes two people (operator)."""
        return reinstate_by_two(actor=self.actor, organisation=public_id, **data)


class KeyAnnouncementViewSet(KeyAnnouncementReadViewSet):
    """Announcements of the market's signing keys; public. Two people of the operator announce the next one."""

    @create_command(
        summary="Announce the market's next signing key",
        needs=Permission.RULEBOOK_WRITE,
        request=AnnounceKeySerializer,
        response=KeyAnnouncementSerializer,
        example=KEY_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> KeyAnnouncement:
        """Announce the key, signed by the one in force; it may sign after the notice. Takes two people (operator)."""
        return announce_key_by_two(actor=self.actor, is_emergency=False, **data)

    @command(
        summary="Replace a signing key that is lost or disclosed",
        needs=Permission.RULEBOOK_WRITE,
        request=AnnounceKeySerializer,
        response=KeyAnnouncementSerializer,
        example=KEY_EXAMPLE,
        detail=False,
        status=201,
    )
    def emergency(self, data: dict[str, Any]) -> KeyAnnouncement:
        """Announce a key that nothing hands over to, at once; the history shows it. Takes two people (operator)."""
        return announce_key_by_two(actor=self.actor, is_emergency=True, **data)


class WitnessViewSet(WitnessReadViewSet):
    """Witnesses of the evidence log, live and ended; public. A participant registers its own, the operator third parties'."""

    @create_command(
        summary="Register a witness of the evidence log",
        needs=(Permission.KEYS_WRITE, Permission.RULEBOOK_WRITE),
        request=RegisterWitnessSerializer,
        response=WitnessSerializer,
        example=WITNESS_EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> Witness:
        """Register the key by which a witness cosigns: of your own organisation, or as two people of the operator."""
        return register_witness_by_right(actor=self.actor, **data)

    @command(
        summary="End a witness of the evidence log",
        needs=(Permission.KEYS_WRITE, Permission.RULEBOOK_WRITE),
        response=WitnessSerializer,
    )
    def end(self, data: dict[str, Any], public_id: str) -> Witness:
        """End it, as it was registered; what it cosigned stays."""
        return end_witness_by_right(actor=self.actor, witness=public_id, **data)
