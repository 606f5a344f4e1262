"""A process killed in the middle of what happens to an agreement leaves all of it or nothing, and the next attempt finishes it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clearing.models import Trade
from clearing.trades.charge_models import ChargeAmendment
from contracts.amending.models import AgreementVersion
from contracts.models import Agreement, Dispute
from contracts.renewing.models import Renewal, RenewalDocument
from delivery.models import Entitlement
from delivery.services import Statement
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.processes import PROJECT, environment

from .walked_market import WalkedMarket

JST = ZoneInfo("Asia/Tokyo")
BEGUN = datetime(2030, 2, 4, 10, tzinfo=JST)
RIGHTS = {"contract_type": "licence", "duration": "P3M"}
MONTHLY = {"kind": "subscription", "charges": 3, "period_months": 1, "first_period_from": None}
OFFER = {
    "rights": RIGHTS,
    "price_minor": 10_000,
    "funding_days": 2,
    "inspection_days": 3,
    "charging": MONTHLY,
}
ENDING = {"convenience_notice_days": None, "refund": "none"}
AUTOMATIC = {"kind": "automatic", "notice_days": 14, "times_max": 2}

CHILD = """
import json, os, signal, sys
import django

django.setup()

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.module_loading import import_string
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.evidence.models import EvidenceRecord
from marketplace.participants.models import Organisation
from tests.participants.factories import actor_for

work = json.loads(sys.argv[1])
act = import_string(work["act"])
if "person" in work:
    actor = actor_for(Organisation.objects.get(pk=work["organisation"]), work["person"])
commit = BaseDatabaseWrapper._commit
recorded = EvidenceRecord.objects.count()


def commit_or_die(connection):
    if EvidenceRecord.objects.count() > recorded:
        # What was done is written, and nothing of it is kept.
        os.kill(os.getpid(), signal.SIGKILL)
    commit(connection)


BaseDatabaseWrapper._commit = commit_or_die
if "event" in work:
    event = OutboxEvent.objects.get(pk=work["event"])
    with transaction.atomic():
        act(parse(event.type, event.data), envelope_of(event))
elif "person" in work:
    act(actor=actor, **work["arguments"])
else:
    act()
"""


@pytest.fixture
def world(committed_database) -> WalkedMarket:
    """A market in a database of its own, to which it really commits."""
    clock.move_to(BEGUN, running=False)
    made = WalkedMarket()
    made.begin()
    return made


def killed(act: str, **work: Any) -> None:
    """Have another process do ``act``, which is killed when it is about to commit."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps({"act": act, **work})],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()[-3000:]


def state() -> dict[str, Any]:
    """What is on record of agreements, of their delivery, and of their money."""
    models = (
        AgreementVersion,
        ChargeAmendment,
        Renewal,
        RenewalDocument,
        Agreement,
        Dispute,
        Entitlement,
        Trade,
    )
    return {
        **{model.__name__: list(model.objects.order_by("pk").values()) for model in models},
        "events": OutboxEvent.objects.count(),
        "records": EvidenceRecord.objects.count(),
    }


def killed_and_nothing_kept(act: str, **work: Any) -> None:
    before = state()
    killed(act, **work)
    assert state() == before


def broken() -> dict[str, Any]:
    return {
        name: rows
        for application in ("web", "contracts", "delivery", "clearing")
        for name, rows in verify_all(application).items()
        if rows
    }


def sold(world: WalkedMarket, renewal: dict[str, Any] | None = None) -> str:
    """An agreement whose first charge is paid, and whose files the buyer has."""
    agreement = world.sell(dict(OFFER), ENDING, renewal)
    world.pay(agreement)
    access = world.delivery_of(agreement)
    assert access is not None
    world.fetch(access, whole=True, statement=Statement("research", "JP"))
    world.report(access, rightly=True)
    world.pump()
    return agreement


@pytest.mark.parametrize("application", ["clearing", "delivery"])
def test_killed_while_an_amendment_takes_effect(world, application):
    agreement = sold(world)
    world.amend(agreement, 5, {"rights": {"duration": "P6M"}, "charging": {**MONTHLY, "charges": 6}})
    event = OutboxEvent.objects.get(type="agreement.amended")
    killed_and_nothing_kept(f"{application}.handlers.on_agreement_amended", event=event.pk)
    world.pump()
    assert ChargeAmendment.objects.get().charges == 6
    access = world.delivery_of(agreement)
    assert access is not None
    assert (access.version, access.expires_at) == (2, Agreement.objects.get().ends_at)
    assert broken() == {}


def test_killed_while_a_renewal_is_made(world):
    agreement = sold(world, AUTOMATIC)
    clock.move_to(Renewal.objects.get().notice_by, running=False)
    killed_and_nothing_kept("contracts.renewing.services.attend_renewals")
    assert Renewal.objects.get().state == "standing"
    world.sweep()
    version = AgreementVersion.objects.get()
    assert (version.kind, version.number) == ("renewed", 2)
    assert list(Renewal.objects.order_by("pk").values_list("state", flat=True)) == ["renewed", "standing"]
    access = world.delivery_of(agreement)
    assert access is not None
    assert (access.version, access.expires_at) == (2, version.ends_at)
    assert broken() == {}


def disputed(world: WalkedMarket) -> Dispute:
    """A dispute that the buyer opened over what was delivered."""
    access = world.delivery_of(sold(world))
    assert access is not None
    world.complain(access)
    world.pump()
    return Dispute.objects.get()


def test_killed_while_a_dispute_is_resolved(world):
    dispute = disputed(world)
    mediator = world.mediator_of(dispute)
    killed_and_nothing_kept(
        "clearing.trades.services.orders.order_resolution",
        organisation=mediator.organisation_id,
        person=mediator.identifier,
        arguments={"dispute": dispute.public_id, "outcome": "redelivery", "reason": "調査の結果"},
    )
    world.resolve(dispute, "redelivery")
    world.pump()
    dispute.refresh_from_db()
    assert (dispute.state, Trade.objects.get().state) == ("resolved", "secured")
    assert broken() == {}


@pytest.mark.parametrize("application", ["delivery", "clearing"])
def test_killed_while_a_resolution_takes_effect(world, application):
    dispute = disputed(world)
    world.resolve(dispute, "refund")
    event = OutboxEvent.objects.get(type="dispute.resolved")
    killed_and_nothing_kept(f"{application}.handlers.on_dispute_resolved", event=event.pk)
    world.pump()
    assert Trade.objects.get().state == "refunded"
    access = Entitlement.objects.get()
    assert access.ended_at is not None
    assert broken() == {}
