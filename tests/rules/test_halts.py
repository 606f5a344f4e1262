"""Trading halts: declared and lifted by the operator, published, kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.invariants import verify_all
from marketplace.rules import queries, services
from marketplace.rules.errors import AlreadyHalted, HaltLifted, TradingHalted
from marketplace.rules.halts import SUBJECTS, register_subjects
from marketplace.rules.models import Halt
from marketplace.rules.states import HaltScope
from marketplace.rules.views import HALT_EXAMPLE, LIFT_EXAMPLE
from tests.participants import factories as participants

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
WHY = {"ja": "確認のため", "en": "For a check"}
HALTS = "/api/v1/halts/"


@pytest.fixture(autouse=True)
def segments():
    """Two segments; it is noon."""
    clock.move_to(NOON, running=False)
    participants.segment("mobility")
    participants.segment("public")


def halted(scope: str = "segment", subject: str = "mobility") -> Halt:
    return services.halt_trading(actor=SYSTEM, scope=scope, subject=subject, reason=WHY)


def lift(halt: str, reason: dict[str, str] = WHY) -> Halt:
    """As the second person of the operator."""
    participants.staff("usr_first", "usr_second")
    return services.lift_halt(
        actor=replace(SYSTEM, identifier="usr_second"), halt=halt, reason=reason, first_person="usr_first"
    )


def everything() -> tuple[list[dict[str, object]], int, int]:
    return (
        list(Halt.objects.order_by("pk").values()),
        OutboxEvent.objects.count(),
        EvidenceRecord.objects.count(),
    )


def test_a_halt_is_declared_told_of_and_in_evidence():
    operator = participants.actor_for(participants.operator(), "app_desk")
    halt = services.halt_trading(actor=operator, scope="segment", subject="mobility", reason=WHY)
    assert halt.public_id.startswith("hlt_")
    assert (halt.started_at, halt.started_by, halt.lifted_at) == (NOON, "app_desk", None)
    assert OutboxEvent.objects.get(type="trading.halted").data == {
        "halt": halt.public_id,
        "scope": "segment",
        "target": "mobility",
        "since": NOON.isoformat(),
    }
    evidence = EvidenceRecord.objects.get(kind="rules.trading_halted")
    assert (evidence.actor, evidence.subject) == ("app_desk", halt.public_id)
    assert evidence.payload == {"scope": "segment", "subject": "mobility", "reason": WHY}


def test_a_halt_is_lifted_once_and_kept():
    halt = halted("market", "")
    clock.move_to(NOON + timedelta(hours=1), running=False)
    lifted = lift(halt.public_id, {"ja": "解消", "en": "Solved"})
    assert (lifted.lifted_at, lifted.lifted_by) == (NOON + timedelta(hours=1), "usr_second")
    assert OutboxEvent.objects.get(type="trading.resumed").data == {
        "halt": halt.public_id,
        "scope": "market",
        "target": None,
        "resumed_at": (NOON + timedelta(hours=1)).isoformat(),
    }
    assert EvidenceRecord.objects.get(kind="rules.trading_resumed").payload["reason"]["en"] == "Solved"
    before = everything()
    with pytest.raises(HaltLifted):
        lift(halt.public_id)
    with pytest.raises(Missing):
        lift("hlt_nowhere")
    assert everything() == before
    again = halted("market", "")
    assert (Halt.objects.count(), queries.halt_of().public_id) == (2, again.public_id)
    assert {name: found for name, found in verify_all("rules").items() if found} == {}


def test_a_halt_covers_what_it_names():
    assert queries.halt_of(listing="lst_1", segment="mobility") is None
    segment = halted()
    assert queries.halt_of(listing="lst_1", segment="mobility").public_id == segment.public_id
    assert queries.halt_of(listing="lst_1", segment="public") is None
    assert queries.halt_of(listing="mobility") is None
    assert queries.halt_of() is None
    market = halted("market", "")
    # Of several the widest is named.
    found = queries.halt_of(listing="lst_1", segment="mobility")
    assert (found.public_id, found.scope, found.subject) == (market.public_id, "market", None)
    assert (found.reason, found.since) == (WHY, NOON)


def test_who_begins_a_trade_is_refused_with_what_since_when_and_why():
    services.require_trading_open(listing="lst_1", segment="mobility")
    halt = halted()
    services.require_trading_open(listing="lst_1", segment="public")
    with pytest.raises(TradingHalted) as refusal:
        services.require_trading_open(listing="lst_1", segment="mobility")
    assert refusal.value.fields == {
        "halt": halt.public_id,
        "scope": "segment",
        "subject": "mobility",
        "since": NOON.isoformat(),
        "reason": WHY,
    }
    assert refusal.value.message.en == (
        f"Trading in segment mobility has been halted since {NOON.isoformat()}: For a check"
    )
    assert (
        refusal.value.message.ja == f"{NOON.isoformat()} から分野 mobility の売買を停止しています: 確認のため"
    )


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"scope": "planet"}, FieldInvalid),
        ({"scope": "market", "subject": "mobility"}, FieldInvalid),
        ({"scope": "segment", "subject": ""}, Missing),
        ({"scope": "segment", "subject": "nowhere"}, Missing),
        ({"scope": "segment", "subject": "a\x00"}, Missing),
        ({"scope": "listing", "subject": "lst_nowhere"}, Missing),
        ({"reason": {"ja": "確認"}}, FieldInvalid),
        ({"reason": {"ja": "確認", "en": "  "}}, FieldInvalid),
        ({"reason": {"ja": "確認", "en": "x" * 501}}, FieldInvalid),
        ({"reason": {"ja": "確認", "en": "a\x00"}}, FieldInvalid),
        ({"subject": "public"}, AlreadyHalted),
    ],
)
def test_a_halt_that_makes_no_sense_is_refused(arguments, refusal):
    halted("segment", "public")
    before = everything()
    with pytest.raises(refusal):
        services.halt_trading(
            **({"actor": SYSTEM, "scope": "segment", "subject": "mobility", "reason": WHY} | arguments)
        )
    assert everything() == before


def test_only_the_operator_halts_and_lifts():
    halt, actor = halted(), participants.actor_for(participants.organisation())
    before = everything()
    with pytest.raises(Forbidden):
        services.halt_trading(actor=actor, scope="market", reason=WHY)
    with pytest.raises(Forbidden):
        services.lift_halt(actor=actor, halt=halt.public_id, reason=WHY, first_person="usr_first")
    for person, first in (("usr_one", "usr_one"), ("usr_one", ""), ("app_desk", "usr_one"), ("system", "x")):
        with pytest.raises(Forbidden):
            services.lift_halt(
                actor=replace(SYSTEM, identifier=person),
                halt=halt.public_id,
                reason=WHY,
                first_person=first,
            )
    assert everything() == before


def test_how_a_subject_is_found_is_said_once():
    assert set(SUBJECTS) == {"listing", "segment"}
    with pytest.raises(ValueError, match="already registered"):
        register_subjects(HaltScope.SEGMENT, lambda code: True)


def test_everybody_reads_halts_and_the_operator_declares_them(api):
    operator = participants.client_of(participants.operator())
    declared = operator.post(HALTS, HALT_EXAMPLE)
    assert declared.status_code == 201, declared.json()
    halt = declared.json()["id"]
    listed = api.get(HALTS).json()["results"]
    assert listed == [
        {
            "id": halt,
            "scope": "segment",
            "scope_label": {"ja": "分野", "en": "a segment"},
            "subject": "mobility",
            "reason": HALT_EXAMPLE["reason"],
            "started_at": listed[0]["started_at"],
            "lifted_at": None,
            "lift_reason": None,
        }
    ]
    again = operator.post(HALTS, HALT_EXAMPLE)
    assert (again.status_code, again.json()["code"]) == (409, "already_halted")
    asked = operator.post(f"{HALTS}{halt}/lift/", LIFT_EXAMPLE)
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    assert lift(halt, LIFT_EXAMPLE["reason"]).lift_reason == LIFT_EXAMPLE["reason"]
    assert operator.post(f"{HALTS}{halt}/lift/", LIFT_EXAMPLE).json()["code"] == "halt_lifted"
    assert api.get(f"{HALTS}{halt}/").json()["lifted_at"] is not None
    assert api.get(HALTS, {"live": "true"}).json()["results"] == []
    assert len(api.get(HALTS, {"live": "false", "scope": "segment"}).json()["results"]) == 1


def test_nobody_else_declares_or_lifts_a_halt(api):
    halt = halted()
    client = participants.client_of(participants.organisation())
    before = everything()
    assert api.post(HALTS, HALT_EXAMPLE).status_code == 401
    assert client.post(HALTS, HALT_EXAMPLE).status_code == 403
    assert api.post(f"{HALTS}{halt.public_id}/lift/", LIFT_EXAMPLE).status_code == 401
    assert client.post(f"{HALTS}{halt.public_id}/lift/", LIFT_EXAMPLE).status_code == 403
    assert everything() == before


def test_a_list_of_halts_takes_one_query_however_long(api):
    counts = []
    for scope, subject in (("segment", "mobility"), ("segment", "public"), ("market", "")):
        halted(scope, subject)
        with CaptureQueriesContext(connection) as captured:
            assert api.get(HALTS).status_code == 200
        counts.append(len(captured))
    assert counts == [1, 1, 1]
