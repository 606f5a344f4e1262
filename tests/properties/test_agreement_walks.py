"""No chain of events ends in silence: random plans walk through random events, and every trade stays accounted for.

After every step each secured trade has access, is on its way back, or is held by a named person's open task; the parties' money and
what is executed agree; and when people have done their tasks and time has passed, nothing is left open.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from clearing.ledger.queries import balances
from clearing.models import Trade
from contracts.amending.queries import signed_versions
from contracts.models import Agreement, Dispute
from contracts.queries import draft_of, verification_of
from contracts.queries import latest_proposal as latest_round
from contracts.renewing.models import Renewal
from contracts.terms import parse_terms
from delivery.models import Download, Entitlement, Inspection
from delivery.services import Statement
from marketplace.kernel import clock
from marketplace.kernel.errors import DomainError, FieldInvalid
from marketplace.kernel.invariants import REGISTER, verify_all

from .walked_market import WalkedMarket

START = datetime(2030, 2, 4, 10, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
WHICH = st.integers(0, 10**6)
ALWAYS = (
    "web.secured_trades_have_access",
    "delivery.used_as_signed",
    "delivery.secured_has_access",
    "delivery.refunded_has_no_access",
    "delivery.one_outcome",
    "delivery.mismatch_is_disputed",
)
"""The invariants that hold after each step; all of the applications hold at the end."""

rights = st.fixed_dictionaries(
    {"contract_type": st.sampled_from(["licence", "joint_use"])},
    optional={
        "duration": st.sampled_from(["P10D", "P1M", "P6M", "P1Y"]),
        "valid_until": st.sampled_from(["2030-02-20", "2030-06-30", "2031-03-31"]),
        "purposes": st.sampled_from([["research"], ["commercial", "research"]]),
        "regions": st.sampled_from([["JP"], ["DE", "JP"]]),
        "use_count_max": st.integers(1, 3),
        "delete_at_end": st.booleans(),
    },
)
chargings = st.sampled_from(
    [
        None,
        {"kind": "instalment", "charges": 3, "period_months": 1, "first_period_from": None},
        {"kind": "subscription", "charges": 3, "period_months": 1, "first_period_from": None},
        {"kind": "metered", "charges": 2, "period_months": 1, "unit_price_minor": 700},
    ]
)
endings = st.fixed_dictionaries(
    {
        "convenience_notice_days": st.none() | st.integers(1, 20),
        "refund": st.sampled_from(["none", "pro_rata"]),
    }
)

renewals = st.sampled_from(
    [
        None,
        {"kind": "automatic", "notice_days": 14, "times_max": 2},
        {"kind": "by_agreement", "notice_days": 14},
    ]
)


@st.composite
def offers(draw: st.DrawFn) -> dict[str, Any]:
    """What a listing is offered for."""
    chosen, charging = draw(rights), draw(chargings)
    if charging is not None and draw(st.booleans()):
        # A price that is charged later needs rights that last as long: most random ones would be refused.
        chosen = {**chosen, "duration": "P1Y"}
        chosen.pop("valid_until", None)
    return {
        "rights": chosen,
        "price_minor": draw(st.integers(1_000, 60_000)),
        "funding_days": draw(st.integers(1, 3)),
        "inspection_days": draw(st.integers(1, 10)),
        **({"charging": charging} if charging else {}),
    }


class AgreementWalk(RuleBasedStateMachine):
    """Agreements over random plans, with the clock."""

    world: WalkedMarket

    def __init__(self) -> None:
        """Begin a transaction that is undone at the end."""
        super().__init__()
        self.block = transaction.atomic()
        self.block._from_testcase = True  # type: ignore[attr-defined]  # as Django's own test cases do
        self.block.__enter__()
        self.world.begin()
        self.agreements: list[str] = []

    def teardown(self) -> None:
        """People do their tasks and time passes; then all is settled, every invariant holds, and all is undone."""
        try:
            self.world.settle_what_people_decide("refund")
            for _ in range(4):
                self.world.pass_time(days=120)
                self.world.sweep()
                self.world.settle_what_people_decide("dismissed")
            self.nothing_is_left_open()
            self.each_agreement_replays()
            for application in ("web", "contracts", "delivery", "clearing"):
                found = {name: rows for name, rows in verify_all(application).items() if rows}
                assert found == {}
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    # Events

    @precondition(lambda self: len(self.agreements) < 2)
    @rule(offer=offers(), ending=endings, renewal=renewals)
    def conclude(self, offer: dict[str, Any], ending: dict[str, Any], renewal: dict[str, Any] | None) -> None:
        if (
            renewal
            and renewal["kind"] == "automatic"
            and offer.get("charging", {}).get("kind") == "subscription"
        ):
            # What goes on by itself is charged for all of its term.
            offer = {**offer, "rights": {**offer["rights"], "duration": "P3M"}}
            offer["rights"].pop("valid_until", None)
        # What cannot be carried out is refused by the name of its term, before anybody is bound.
        with suppress(FieldInvalid):
            self.agreements.append(self.world.sell(dict(offer), ending, renewal))

    @precondition(lambda self: self.agreements)
    @rule(which=WHICH)
    def pay(self, which: int) -> None:
        self.world.pay(pick(self.agreements, which))

    @precondition(lambda self: self.deliveries())
    @rule(which=WHICH, whole=st.booleans(), states=st.booleans())
    def download(self, which: int, whole: bool, states: bool) -> None:
        row = pick(self.deliveries(), which)
        statement = Statement("research", "JP") if states else Statement()
        self.attempt(lambda: self.world.fetch(row, whole=whole, statement=statement))

    @precondition(lambda self: self.deliveries())
    @rule(which=WHICH, rightly=st.booleans())
    def report(self, which: int, rightly: bool) -> None:
        row = pick(self.deliveries(), which)
        self.attempt(lambda: self.world.report(row, rightly=rightly))

    @precondition(lambda self: self.deliveries())
    @rule(which=WHICH)
    def accept(self, which: int) -> None:
        row = pick(self.deliveries(), which)
        self.attempt(lambda: self.world.accept(row))

    @precondition(lambda self: self.deliveries())
    @rule(which=WHICH)
    def complain(self, which: int) -> None:
        row = pick(self.deliveries(), which)
        self.attempt(lambda: self.world.complain(row))

    @precondition(lambda self: Dispute.objects.filter(state="open").exists())
    @rule(outcome=st.sampled_from(["dismissed", "redelivery", "refund", "termination"]))
    def resolve(self, outcome: str) -> None:
        dispute = Dispute.objects.filter(state="open").order_by("pk")[0]
        self.attempt(lambda: self.world.resolve(dispute, outcome))

    @precondition(lambda self: self.deliveries())
    @rule(which=WHICH)
    def suspend_or_resume(self, which: int) -> None:
        row = pick(self.deliveries(), which)
        act = self.world.resume if row.state == "suspended" else self.world.suspend
        self.attempt(lambda: act(row))

    @precondition(lambda self: self.agreements)
    @rule(which=WHICH)
    def withdraw_listing(self, which: int) -> None:
        self.attempt(lambda: self.world.withdraw(pick(self.agreements, which)))

    @precondition(lambda self: self.agreements)
    @rule(which=WHICH, days=st.integers(0, 40), refund=st.sampled_from(["none", "pro_rata"]))
    def agree_to_end(self, which: int, days: int, refund: str) -> None:
        agreement = pick(self.agreements, which)
        self.attempt(lambda: self.world.end_early(agreement, "mutual", days, refund))

    @precondition(lambda self: self.agreements)
    @rule(which=WHICH, days=st.integers(1, 40))
    def give_notice(self, which: int, days: int) -> None:
        agreement = pick(self.agreements, which)
        self.attempt(lambda: self.world.end_early(agreement, "convenience", days, None))

    @precondition(lambda self: Renewal.objects.filter(state="standing", kind="automatic").exists())
    @rule(which=WHICH, is_buyer=st.booleans())
    def refuse_renewal(self, which: int, is_buyer: bool) -> None:
        agreement = pick(self.agreements, which)
        self.attempt(lambda: self.world.refuse_renewal(agreement, is_buyer=is_buyer))

    @precondition(lambda self: self.agreements)
    @rule(
        which=WHICH,
        days=st.integers(0, 40),
        terms=st.sampled_from(
            [
                {"rights": {"duration": "P1Y"}},
                {"rights": {"duration": "P1M"}},
                {"price_minor": 70_000},
                {"funding_days": 2},
            ]
        ),
    )
    def amend(self, which: int, days: int, terms: dict[str, Any]) -> None:
        agreement = pick(self.agreements, which)
        self.attempt(lambda: self.world.amend(agreement, days, terms))

    @rule(hours=st.integers(1, 30))
    def hours_pass(self, hours: int) -> None:
        self.world.pass_time(hours=hours)

    @rule(days=st.integers(1, 45))
    def days_pass(self, days: int) -> None:
        self.world.pass_time(days=days)

    # What must be

    @invariant()
    def holds(self) -> None:
        assert {name: rows for name in ALWAYS if (rows := REGISTER[name].check())} == {}
        # What is on hold is what secured and disputed trades cost.
        held = balances(self.world.buyer.pk).get("JPY", {}).get("held", 0)
        waiting = Trade.objects.filter(state__in=("secured", "disputed")).values_list(
            "gross_minor", flat=True
        )
        assert held == sum(waiting)

    def nothing_is_left_open(self) -> None:
        """Nothing is open past its end, and no money waits but for a receipt that people are asked to settle."""
        now = clock.now()
        assert not Entitlement.objects.filter(ended_at=None, expires_at__lte=now).exists()
        assert not Entitlement.objects.filter(ended_at=None, closes_at__lte=now).exists()
        assert not Agreement.objects.filter(state="in_force", ends_at__lte=now).exists()
        assert not Trade.objects.filter(state__in=("concluded", "disputed")).exists()
        assert self.world.open_endings() == 0
        assert not Renewal.objects.filter(state="standing").exists()
        for trade in Trade.objects.filter(state="secured"):
            rows = Inspection.objects.filter(entitlement__agreement=trade.agreement).order_by("-pk")
            # A part was taken, and no more: unknown is not nothing, so it neither comes back nor counts as received.
            assert rows[0].state == "awaiting"
            begun = Download.objects.filter(entitlement__agreement=trade.agreement, sent_bytes__gt=0)
            assert begun.exists() or rows[0].round > 1

    def each_agreement_replays(self) -> None:
        """Its rounds, drawn up again, give the hash that was signed, and what was signed verifies."""
        for row in Agreement.objects.select_related("negotiation", "instrument"):
            drawn = draft_of(row.negotiation, parse_terms(latest_round(row.negotiation).terms))
            assert drawn.signed_hash == row.signed_hash
            assert (drawn.text_ja, drawn.text_en) == (row.instrument.text_ja, row.instrument.text_en)
            for signed in signed_versions(row):
                assert verification_of(row, signed.instrument)["faults"] == []

    # Doing things

    def attempt(self, act: Any) -> None:
        """Do it, if the market lets: a refusal is no end of the walk, and leaves nothing behind."""
        with suppress(DomainError):
            act()
        self.world.pump()

    def deliveries(self) -> list[Entitlement]:
        return list(Entitlement.objects.order_by("pk"))


def pick(rows: list, which: int) -> Any:
    """One of ``rows``."""
    return rows[which % len(rows)]


def run(examples: int, steps: int, *, derandomize: bool) -> None:
    """Walk ``examples`` markets, ``steps`` steps each."""
    clock.move_to(START, running=False)
    AgreementWalk.world = WalkedMarket()
    run_state_machine_as_test(
        AgreementWalk,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=timedelta(minutes=10),
            derandomize=derandomize,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
            print_blob=False,
        ),
    )


def test_no_chain_of_events_ends_in_silence(committed_database):
    run(10, 15, derandomize=True)


@pytest.mark.campaign
def test_no_chain_of_events_ends_in_silence_for_long(committed_database):
    run(200, 30, derandomize=False)
