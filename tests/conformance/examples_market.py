"""Requests that succeed, of what every application stands on: evidence, events, jobs, notices, webhooks, rules."""

from __future__ import annotations

from datetime import date
from typing import Any

from marketplace.events.models import InboxEntry, OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs import services as jobs
from marketplace.jobs.models import Job
from marketplace.jobs.runner import run_due
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop
from marketplace.kernel.labels import Label
from marketplace.kernel.models import AsideRow
from marketplace.notices import services as notices
from marketplace.notices.models import Notice, Task
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import Wording
from marketplace.participants.models import Admission
from marketplace.rules import services as rules
from marketplace.rules.drafts.models import RulebookDraft
from marketplace.rules.drafts.services import preview_draft, save_draft
from marketplace.rules.models import Rescreening, Rulebook
from marketplace.rules.neutrality import services as neutrality
from marketplace.rules.rescreening.services import enqueue_due
from marketplace.webhooks import services as webhooks
from marketplace.webhooks.models import Webhook, WebhookAttempt
from tests.contracts import factories as contracts
from tests.jobs.probe import kinds
from tests.rules import factories as rulebooks

from .requests import EVERYBODY, Request, Table
from .world import World

TABLE = Table()

TITLE = Label("It happened", "起こりました")
WHY = {"ja": "確認のため", "en": "To check"}
HANDLER = "tests.events.probe.handlers.on_registered"
PERIOD_DAYS = {"first_day": date(2026, 10, 1), "last_day": date(2026, 10, 2)}
PERIOD = {name: day.isoformat() for name, day in PERIOD_DAYS.items()}
URL = "https://hooks.example.com/sanpo"


def record(_world: World) -> str:
    return str(EvidenceRecord.objects.latest("pk").public_id)


def event(_world: World) -> str:
    return str(OutboxEvent.objects.latest("pk").public_id)


def parked_entry(_world: World) -> str:
    """An event that its handler cannot handle."""
    told = OutboxEvent.objects.latest("pk")
    entry = InboxEntry.objects.create(event=told, handler=HANDLER, subscriber="notices", subject=told.subject)
    InboxEntry.objects.filter(pk=entry.pk).update(state="parked", error="RuntimeError: no")
    return str(entry.pk)


def job(world: World) -> str:
    return enqueued(world, "").public_id


def parked_job(world: World) -> str:
    """A job that failed as often as it may."""
    found = enqueued(world, "fail")
    run_due("default")
    found.refresh_from_db()
    assert found.state == "parked"
    return found.public_id


def enqueued(world: World, act: str) -> Job:
    return jobs.enqueue(
        kind=kinds.PLAIN,
        subject="thing_1",
        organisation=world.of("buyer").public_id,
        arguments={"trace": "/dev/null", "act": act},
    )


def task(world: World) -> str:
    facts: dict[str, Any] = {"organisation_id": world.of("buyer").pk, "subject": "trd_1"}
    notices.open_task(kind=TaskKind.FUND, thread="agr_1", title=TITLE, **facts)
    return str(Task.objects.latest("pk").public_id)


def notice(world: World) -> str:
    notices.send_notice(organisation_id=world.of("buyer").pk, subject="trd_1", wording=Wording(TITLE, TITLE))
    return str(Notice.objects.latest("pk").public_id)


def aside(_world: World) -> str:
    Loop("conformance.probe").set_aside("org_none", "a probe", for_good=True)
    return str(AsideRow.objects.get(loop="conformance.probe").public_id)


def webhook(world: World) -> str:
    return made_webhook(world).public_id


def made_webhook(world: World) -> Webhook:
    return webhooks.create_webhook(actor=world.actor("buyer"), url=URL, event_types=["trade.secured"])[0]


def disabled_webhook(world: World) -> str:
    made = webhook(world)
    webhooks.disable_webhook(actor=world.actor("buyer"), webhook=made)
    return made


def tried_webhook(world: World) -> str:
    """A webhook to which a message was sent, in vain."""
    made = made_webhook(world)
    WebhookAttempt.objects.create(
        webhook=made,
        message="evt_1",
        type="trade.secured",
        number=1,
        outcome="refused",
        status=500,
        took_ms=3,
    )
    return made.public_id


def decision(world: World) -> str:
    """A decision of which the buyer is a party."""
    return str(contracts.agreement(world.contracts).decision)


def admission_of(world: World) -> str:
    return str(Admission.objects.filter(organisation=world.of("buyer")).earliest("pk").public_id)


def halt(world: World) -> str:
    halted = rules.halt_trading(
        actor=world.actor("operator"), scope="segment", subject="mobility", reason=WHY
    )
    return halted.public_id


def neutrality_bundle(_world: World) -> str:
    """A bundle that is made."""
    asked = neutrality.ask_for_bundle(actor=SYSTEM, **PERIOD_DAYS)
    run_due("documents")
    return str(asked.public_id)


def swapped(world: World) -> dict[str, Any]:
    """The buyer and the seller, whose identities a counterfactual swaps."""
    return {**PERIOD, "first": world.of("buyer").public_id, "second": world.of("seller").public_id}


def counterfactual(world: World) -> str:
    asked = neutrality.ask_for_counterfactual(actor=SYSTEM, **{**swapped(world), **PERIOD_DAYS})
    run_due("documents")
    return str(asked.public_id)


# The auditor reads those of everybody, each organisation its own (tests/evidence/test_api.py).
TABLE.listed("evidence/records/", "operator", record, is_narrowed=True, is_shared=True)
TABLE.read("evidence/keys/", EVERYBODY)
TABLE.listed("events/outbox/", "operator", event, is_narrowed=True)
TABLE.listed("events/inbox/", "operator", parked_entry, is_narrowed=True)
TABLE.of_row("POST events/inbox/{}/retry/", "operator", parked_entry)
TABLE.of_row("POST events/inbox/{}/abandon/", "operator", parked_entry, {"reason": "Refunded by hand."})
TABLE.read("events/feed/", "buyer", is_shared=True)
TABLE.read("events/types/", "buyer", is_shared=True)
TABLE.listed("jobs/", "buyer", job)
TABLE.of_row("POST jobs/{}/retry/", "operator", parked_job)
TABLE.of_row("POST jobs/{}/abandon/", "operator", parked_job, {"reason": "The receiver has left."})
TABLE.listed("tasks/", "buyer", task)
DRAFTED = rulebooks.document(rulebooks.rule("A", "true", "allow", point="admission"))


def draft(world: World) -> str:
    """A draft that was not previewed."""
    return str(save_draft(actor=world.actor("operator"), document=DRAFTED).public_id)


def rescreening(_world: World) -> str:
    """What the rulebook in force would decide on those who are admitted."""
    enqueue_due()
    run_due("documents")
    return str(Rescreening.objects.get().public_id)


def read_draft(world: World) -> Request:
    """What two people say who have read a draft and its report."""
    saved = draft(world)
    preview_draft(actor=world.actor("operator"), draft=saved)
    run_due("documents")
    row = RulebookDraft.objects.get(public_id=saved)
    assert row.report is not None
    return Request(
        (saved,), {"digest": row.digest, "acknowledged": [each["id"] for each in row.report["warnings"]]}
    )


TABLE.listed("notices/", "buyer", notice)
TABLE.of_row("POST notices/{}/read/", "buyer", notice)
TABLE.listed("aside-rows/", "operator", aside, is_narrowed=True)
TABLE.of_row("POST aside-rows/{}/retry/", "operator", aside)

TABLE.listed("webhooks/", "buyer", webhook)
TABLE.of_row("GET webhooks/{}/attempts/", "buyer", tried_webhook)
TABLE.example("POST webhooks/", "buyer")(lambda _world: Request(body={"url": URL}))
TABLE.of_row("POST webhooks/{}/rotate-secret/", "buyer", webhook)
TABLE.of_row("POST webhooks/{}/revise/", "buyer", webhook, {"description": "通知"})
TABLE.of_row("POST webhooks/{}/disable/", "buyer", webhook)
TABLE.of_row("POST webhooks/{}/enable/", "buyer", disabled_webhook)
TABLE.of_row("POST webhooks/{}/delete/", "buyer", webhook)
TABLE.of_row("POST webhooks/{}/ping/", "buyer", webhook)
TABLE.of_row("POST webhooks/{}/replay/", "buyer", webhook, {"since": "2026-11-01T00:00:00Z"})

TABLE.read("neutrality/", EVERYBODY)
TABLE.listed("neutrality-bundles/", EVERYBODY, neutrality_bundle)
TABLE.sent("neutrality-bundles/", "operator", PERIOD)
TABLE.of_row("GET neutrality-bundles/{}/content/", EVERYBODY, neutrality_bundle)
TABLE.of_row("GET neutrality-bundles/{}/auditors-content/", "operator", neutrality_bundle)
TABLE.listed("counterfactuals/", EVERYBODY, counterfactual)
TABLE.sent("counterfactuals/", "operator", swapped)
TABLE.of_row("GET counterfactuals/{}/audited/", "operator", counterfactual)
TABLE.read("parameters/", EVERYBODY)
TABLE.read("rulebooks/current/", EVERYBODY)
TABLE.listed("rulebooks/", EVERYBODY, lambda _world: str(Rulebook.objects.get().public_id))
TABLE.listed("rescreenings/", "operator", rescreening)
TABLE.listed("rulebook-drafts/", "operator", draft)
TABLE.sent("rulebook-drafts/", "operator", {"document": DRAFTED})
TABLE.of_row("POST rulebook-drafts/{}/revise/", "operator", draft, {"version": 1, "lane": "ordinary"})
TABLE.of_row("POST rulebook-drafts/{}/preview/", "operator", draft)
TABLE.example("POST rulebook-drafts/{}/publish/", "operator", takes_two=True)(read_draft)
TABLE.of_row("POST rulebook-drafts/{}/withdraw/", "operator", draft)
TABLE.listed("decisions/", "buyer", decision)
TABLE.of_row("GET decisions/{}/replay/", "buyer", decision)
TABLE.example("POST decisions/preview/", "operator")(
    lambda world: Request(body={"point": "admission", "subject": admission_of(world)})
)
TABLE.listed("halts/", EVERYBODY, halt)
TABLE.example("POST halts/", "operator")(
    lambda _world: Request(body={"scope": "segment", "subject": "mobility", "reason": WHY})
)
TABLE.of_row("POST halts/{}/lift/", "operator", halt, {"reason": WHY}, takes_two=True)

TABLE.read("api/docs/", EVERYBODY)
