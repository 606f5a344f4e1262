"""A market in one transaction, in which every event reaches every handler at once: for walks of agreements through what happens to them."""

from __future__ import annotations

import itertools
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils.module_loading import import_string

from clearing.bank.queries import pay_in_reference
from clearing.models import Trade
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.trades.services.orders import order_resolution
from contracts import services as contracts
from contracts.amending.services import amend_agreement
from contracts.ending.consequences import digest_of_consequences
from contracts.ending.queries import consequences_shown
from contracts.models import Agreement, Dispute, Ending
from contracts.renewing.services import refuse_renewal
from contracts.tasks import sweep as sweep_contracts
from delivery import queries as deliveries
from delivery import services as delivery
from delivery.models import Entitlement, Inspection
from delivery.ranges import ByteRange
from delivery.tasks import sweep as sweep_deliveries
from listings import services as listings
from listings.models import Listing
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.kernel import clock
from marketplace.kernel.models import AsideRow
from marketplace.observability.alarms import apply_readings
from marketplace.participants.models import Organisation
from tests.clearing import factories as clearing
from tests.contracts import factories as trading
from tests.delivery import factories
from tests.participants import factories as participants
from tests.roles import unguarded
from tests.rules import factories as rules

RULES = [
    rules.rule("PUB-01", "true", "allow", "publication"),
    rules.rule("CON-01", "true", "allow", "conclusion"),
]
CONTENT = factories.CONTENTS[0]
_orders = itertools.count(1)


class WalkedMarket:
    """A buyer, a seller, and the operator, who trade by the services; ``pump`` is the pipe, and ``pass_time`` the beat."""

    def __init__(self) -> None:
        """Open the market."""
        self.market = clearing.market(clearing.RULEBOOK | {"rules": RULES})
        factories.open_market()
        self.buyer = participants.admitted("buyer", factories.SEGMENT, "buyer")
        self.seller = participants.admitted("seller", factories.SEGMENT, "seller")
        self.market.parties.update(buyer=self.buyer, seller=self.seller)
        self.seen = 0

    def begin(self) -> None:
        """Begin a walk: what was told before it is over."""
        # A long campaign outlasts what they proved when the market opened.
        self.market.people.clear()
        self.seen = OutboxEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0

    # The pipe and the beat

    def pump(self) -> None:
        """Have every event handled by every subscriber, in order, with what follows from it."""
        handled = []
        while True:
            events = list(OutboxEvent.objects.filter(pk__gt=self.seen).order_by("pk"))
            if not events:
                break
            for event in events:
                self.seen = event.pk
                for path in settings.EVENT_SUBSCRIPTIONS.get(event.type, ()):
                    passed_over = settings.EVENTS_PASSED_OVER.get(path, {})
                    if any(event.data.get(name) == value for name, value in passed_over.items()):
                        continue
                    with transaction.atomic():
                        import_string(path)(parse(event.type, event.data), envelope_of(event))
                    subscriber = path.removeprefix("marketplace.").split(".")[0]
                    handled.append((event.pk, path, subscriber, event.subject))
        if handled:
            with unguarded("events_inboxentry"), connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO events_inboxentry (event_id, handler, subscriber, subject, state, handled_at)"
                    " VALUES (%s, %s, %s, %s, 'handled', now())",
                    handled,
                )

    def sweep(self) -> None:
        """What the beat does; nothing may fail in it."""
        for work in (sweep_contracts, sweep_deliveries, carry_out_deadlines):
            work()
            self.pump()
        apply_readings({"deliveries_unreported": float(deliveries.unreported_count())})
        assert list(AsideRow.objects.values_list("loop", "subject", "error")) == []

    def pass_time(self, **span: int) -> None:
        """The clock goes on, and then the beat."""
        clock.move_to(clock.now() + timedelta(**span), running=False)
        self.sweep()

    # What parties do

    def sell(
        self, offer: dict[str, Any], ending: dict[str, Any], renewal: dict[str, Any] | None = None
    ) -> str:
        """An agreement over a new listing; its identifier. Raises FieldInvalid where the terms cannot be carried out."""
        rights = offer.pop("rights")
        listing = factories.listed(self.seller, (CONTENT,), rights, negotiable=True, **offer)
        clearing.state_supply(self.market, "seller", listing=listing)
        self.pump()
        negotiation = contracts.request_negotiation(
            actor=participants.actor_for(self.buyer, "app_buyer"),
            listing=listing,
            reference=f"WALK-{next(_orders)}",
            terms={"ending": ending, **({"renewal": renewal} if renewal else {})},
        ).public_id
        for party in (self.seller, self.buyer):
            contracts.sign(actor=participants.signing_actor(party), negotiation=negotiation)
        self.pump()
        return Agreement.objects.get(negotiation__public_id=negotiation).public_id

    def pay(self, agreement: str) -> None:
        """The buyer pays in what the oldest unpaid charge of an agreement costs."""
        trade = Trade.objects.filter(agreement=agreement, state="concluded").order_by("charge").first()
        if trade is not None:
            reference = pay_in_reference(organisation=self.buyer.public_id)
            clearing.import_only(
                self.market, [clearing.booking("credit", trade.gross_minor, f"振込 {reference}")]
            )
            self.pump()

    def delivery_of(self, agreement: str) -> Entitlement | None:
        """The latest delivery under an agreement."""
        return Entitlement.objects.filter(agreement=agreement).order_by("-pk").first()

    def inspection_of(self, row: Entitlement) -> Inspection:
        """The inspection of its latest round."""
        return Inspection.objects.filter(entitlement=row).latest("round")

    def fetch(self, row: Entitlement, *, whole: bool, statement: delivery.Statement) -> None:
        """The buyer downloads the file, or the first half of it."""
        (file,) = row.distributions.all()
        transmission = delivery.download(
            actor=participants.actor_for(self.buyer, "app_buyer"),
            entitlement=row.public_id,
            distribution=file.distribution,
            part=None if whole else ByteRange(0, file.size_bytes // 2),
            statement=statement,
        )
        try:
            for _ in transmission:
                pass
        finally:
            transmission.close()

    def report(self, row: Entitlement, *, rightly: bool) -> None:
        """The buyer reports the hash of the file, or another."""
        (file,) = row.distributions.all()
        delivery.report_receipt(
            actor=participants.actor_for(self.buyer, "app_buyer"),
            entitlement=row.public_id,
            distribution=file.distribution,
            sha256=file.sha256 if rightly else "0" * 64,
        )

    def accept(self, row: Entitlement) -> None:
        """The buyer accepts."""
        delivery.accept_delivery(
            actor=participants.actor_for(self.buyer, "app_buyer"), entitlement=row.public_id
        )

    def complain(self, row: Entitlement) -> None:
        """The buyer opens a dispute."""
        delivery.dispute_delivery(
            actor=participants.actor_for(self.buyer, "app_buyer"),
            entitlement=row.public_id,
            reason_code="incomplete",
            text="12月分がない",
        )

    def end_early(self, agreement: str, ground: str, days: int, refund: str | None) -> None:
        """The buyer gives notice, or proposes an end that the seller then accepts."""
        row = Agreement.objects.get(public_id=agreement)
        asked: dict[str, Any] = {
            "ground": ground,
            "last_day": clock.today() + timedelta(days=days),
            "refund": refund,
        }
        digest = digest_of_consequences(consequences_shown(row, **asked))
        ending = contracts.end_early(
            actor=participants.signing_actor(self.buyer), agreement=agreement, digest=digest, **asked
        )
        if ground == "mutual":
            contracts.accept_ending(
                actor=participants.signing_actor(self.seller), ending=ending.public_id, digest=digest
            )

    def refuse_renewal(self, agreement: str, *, is_buyer: bool) -> None:
        """A party refuses that an agreement is renewed."""
        party = self.buyer if is_buyer else self.seller
        refuse_renewal(actor=participants.signing_actor(party), agreement=agreement)

    def amend(self, agreement: str, days: int, terms: dict[str, Any]) -> None:
        """The buyer proposes other terms from a day on, and both sign them."""
        buyer, seller = participants.signing_actor(self.buyer), participants.signing_actor(self.seller)
        wanted = {"effective_on": clock.today() + timedelta(days=days), **terms}
        with transaction.atomic():
            negotiation = amend_agreement(actor=buyer, agreement=agreement, terms=wanted).public_id
            for actor in (seller, buyer):
                contracts.sign(actor=actor, negotiation=negotiation)

    def withdraw(self, agreement: str) -> None:
        """The seller withdraws the listing of an agreement."""
        listing = Agreement.objects.values_list("listing", flat=True).get(public_id=agreement)
        if Listing.objects.get(public_id=listing).state == "on_sale":
            listings.withdraw_listing(
                actor=participants.actor_for(self.seller, "app_seller"),
                listing=listing,
                reason="漏えいのおそれ",
            )

    # What the operator does

    def resolve(self, dispute: Dispute, outcome: str) -> None:
        """Its mediator decides a dispute once it was answered, and another person where the amount takes two."""
        for person in (self.mediator_of(dispute), self._two()[1]):
            with suppress(SecondPersonNeeded):
                order_resolution(
                    actor=person, dispute=dispute.public_id, outcome=outcome, reason="調査の結果"
                )
                return

    def suspend(self, row: Entitlement) -> None:
        """The operator suspends access."""
        delivery.suspend_access(actor=self._two()[0], entitlement=row.public_id, reason="調査中")

    def resume(self, row: Entitlement) -> None:
        """Two people resume access."""
        for person in self._two():
            with suppress(SecondPersonNeeded):
                delivery.resume_access(actor=person, entitlement=row.public_id)

    def mediator_of(self, dispute: Dispute) -> Any:
        """Who decides the dispute: nobody who decided an earlier one over its agreement."""
        named = dispute.mediators.filter(objected_at=None).values_list("person", flat=True).first()
        operator = Organisation.objects.get(is_operator=True)
        mediator = participants.actor_for(operator, named or f"usr_mediator_{dispute.pk}")
        if named is None:
            trading.ready(dispute, mediator)
        return mediator

    def _two(self) -> list[Any]:
        operator = Organisation.objects.get(is_operator=True)
        return [participants.actor_for(operator, name) for name in ("usr_operator", "usr_second_operator")]

    # What is left

    def settle_what_people_decide(self, outcome: str) -> None:
        """People do the tasks that they have: decide what is disputed, and resume what is suspended."""
        for row in Entitlement.objects.filter(state="suspended").order_by("pk"):
            self.resume(row)
        for dispute in Dispute.objects.filter(state="open").order_by("pk"):
            self.resolve(dispute, outcome)
        self.pump()

    def open_endings(self) -> int:
        """How many proposed or scheduled ends are not over."""
        return Ending.objects.filter(state__in=("proposed", "scheduled")).count()
