"""One finished trading day, shared by the stories that look at it: real worker, real web process, real commits."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from clearing.approvals.halts import lift_halt_by_two
from clearing.guarantees.services import register_guarantee
from clearing.ledger.queries import bank_balance
from clearing.models import FeeWriteOff, Guarantee, Obligation, Trade
from clearing.settlement.services.restorations import record_restoration
from clearing.shortfalls.services.restraints import record_restraint
from clearing.statements.certificates import record_balance_certificate
from clearing.trades.services.supplies import state_supply
from contracts import services as contracting
from contracts.adjusting.services import enter_index_value
from contracts.commissions.models import SellerFault
from contracts.commissions.talk_models import PriceTalk
from contracts.models import Agreement, Negotiation
from contracts.pools.models import Pool, PoolVersion
from delivery.services import state_outage
from fixtures.day.progress import Progress
from fixtures.day.runner import Day
from fixtures.day.script import CHAPTERS
from fixtures.declaration import read
from listings.models import Listing
from listings.services import state_stake
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.cases.services.on_call import publish_turn
from marketplace.evidence.announcing import announce_key
from marketplace.evidence.verifier_keys import ED25519, verifier_key
from marketplace.evidence.witnesses import register_witness
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop
from marketplace.kernel.models import AsideRow
from marketplace.kernel.permissions import Permission
from marketplace.participants import services as participants
from marketplace.participants.models import Membership, Organisation
from marketplace.registration import services as registrations
from marketplace.registration.models import Registration
from marketplace.rules import services as rules
from marketplace.rules.drafts.services import save_draft
from marketplace.rules.models import Decision
from marketplace.rules.neutrality import services as neutrality
from marketplace.rules.queries import newest_rulebook
from marketplace.webhooks import services as webhooks
from tests.access.factories import deferred
from tests.cases import factories as cases
from tests.conftest import cloned_database
from tests.evidence.bundles import public_bytes
from tests.evidence.observers import Observer
from tests.faults.ground import kept_database
from tests.oversight import factories as oversight
from tests.participants import recoveries
from tests.participants.accounts import OTHER_ACCOUNT
from tests.participants.factories import (
    actor_for,
    actor_of,
    application_of,
    organisation,
    owner_of,
    person_of,
)
from tests.processes import Process, worker
from tests.processes import market as serving_market
from tests.registration import factories as applications
from tests.roles import unguarded


@dataclass
class Market:
    """A running market of the tests: where it answers, its worker, and where its files go."""

    base_url: str
    worker: Process
    folder: Path

    def run_day(self) -> dict[str, Any]:
        """Run the trading day, or go on with it, and return its report."""
        target = self.folder / "report.json"
        call_command("demo_day", report=target, base_url=self.base_url, stdout=io.StringIO())
        report: dict[str, Any] = json.loads(target.read_text())
        return report


@contextlib.contextmanager
def running_market(template: str, folder: Path) -> Iterator[Market]:
    """A whole market on a database of its own: worker with beat, web and downloads."""
    with cloned_database(template), market_processes(folder) as market:
        yield market


@contextlib.contextmanager
def market_processes(folder: Path) -> Iterator[Market]:
    """The processes of a market on the database that the test is connected to, killed at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    process = worker(folder)
    try:
        with serving_market(folder) as base_url:
            yield Market(base_url, process, folder)
    finally:
        process.kill()


@pytest.fixture(scope="package")
def eve(migrated_database: str, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[str]:
    """The name of a database in which the day has come to its first cut-off: days that differ afterwards go on from it."""
    folder: Path = tmp_path_factory.mktemp("eve")

    def run_first_chapters() -> None:
        with market_processes(folder) as market, (folder / "day.log").open("w") as log:
            day = Day(read(), Progress(len(CHAPTERS), log), market.base_url)
            for title, chapter in CHAPTERS:
                if title.startswith("Deadlines pass"):
                    break
                chapter(day)
            day.wait_until_quiet()

    kept: dict[str, str] = {}
    with django_db_blocker.unblock(), kept_database(migrated_database, run_first_chapters, kept, "eve"):
        yield kept["eve"]


@pytest.fixture(scope="package")
def market(eve: str, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Market]:
    """A market that the stories share, from the first cut-off on."""
    with django_db_blocker.unblock(), running_market(eve, tmp_path_factory.mktemp("market")) as it:
        yield it


@pytest.fixture(scope="package")
def report(market: Market) -> dict[str, Any]:
    """The report of the day, run undisturbed."""
    return market.run_day()


@pytest.fixture(scope="package")
def halt(market: Market, report) -> str:
    """A trading halt that was declared after the day, and that two people lifted."""
    why = {"ja": "試験", "en": "Test"}
    halted = rules.halt_trading(actor=SYSTEM, scope="segment", subject="mobility", reason=why)
    day = Day(read(), Progress(1, io.StringIO()), market.base_url)
    return str(
        day.by_two(Permission.RULEBOOK_WRITE, lift_halt_by_two, halt=halted.public_id, reason=why).public_id
    )


@pytest.fixture(scope="package")
def aside(report) -> str:
    """A row that stands aside, because the day has none."""
    Loop("stories.probe").set_aside("org_none", "a probe", for_good=True)
    return str(AsideRow.objects.get(loop="stories.probe").public_id)


@pytest.fixture(scope="package")
def restoration(report) -> str:
    """A restoration that was recorded after the day."""
    return record_restoration().public_id


@pytest.fixture(scope="package")
def restraint(report) -> str:
    """An attachment of a participant's claims, which was served after the day."""
    payee = Organisation.objects.filter(is_operator=False).order_by("pk").first()
    recorded = record_restraint(
        actor=SYSTEM,
        organisation=payee.public_id,
        kind="attachment",
        served_at=clock.now(),
        reference="令和8年(ル)第1号",
    )
    return recorded.public_id


@pytest.fixture(scope="package")
def guarantee(market: Market, report) -> str:
    """A guarantee that two people of the operator registered after the day."""
    day = Day(read(), Progress(1, io.StringIO()), market.base_url)
    buyer = Organisation.objects.filter(is_operator=False).order_by("pk").first()
    registered: Guarantee = day.by_two(
        Permission.CLEARING_WRITE,
        register_guarantee,
        organisation=buyer.public_id,
        kind="undertaking",
        issuer="試験銀行",
        amount_minor=1_000_000,
        valid_from=clock.now(),
        expires_at=clock.now() + timedelta(days=365),
        document_sha256="0" * 64,
    )
    return registered.public_id


@pytest.fixture(scope="package")
def index_value(market: Market, report) -> None:
    """The value of an index, which two people of the operator entered after the day."""
    day = Day(read(), Progress(1, io.StringIO()), market.base_url)
    stated = {"index": "cpi_jp", "as_of": clock.today(), "value_milli": 104_000, "source": "総務省統計局"}
    day.by_two(Permission.DISPUTES_WRITE, enter_index_value, **stated)


@pytest.fixture(scope="package")
def program(report) -> str:
    """A program of a participant of the day."""
    owner = Organisation.objects.filter(is_operator=False).order_by("pk").first()
    return application_of(owner, ("market:read",)).public_id


@pytest.fixture(scope="package")
def registration(market: Market, report) -> str:
    """An application for registration that waits for the operator, after the day; the market's worker did its jobs."""
    row = applications.begun()
    # The market's worker sends the code to nobody who could read it.
    Registration.objects.filter(pk=row.pk).update(email_proved_at=clock.now())
    applications.complete(row)
    registrations.submit(actor=applications.applicant(row), registration=row.public_id)
    ends_at = time.monotonic() + 60
    while time.monotonic() < ends_at and row.state != "in_review":
        time.sleep(0.2)
        row.refresh_from_db()
    assert row.state == "in_review"
    return str(row.public_id)


@pytest.fixture(scope="package")
def webhook(report) -> str:
    """A webhook that a participant of the day created."""
    owner = Organisation.objects.filter(is_operator=False).order_by("pk").first()
    actor = actor_for(owner, "usr_story")
    created, _ = webhooks.create_webhook(actor=actor, url="https://hooks.example.com/sanpo")
    webhooks.disable_webhook(actor=actor, webhook=created.public_id)
    return created.public_id


@pytest.fixture(scope="package")
def people(report) -> None:
    """What people and their organisations ask of the market after the day, each waiting for somebody else."""
    operator = Organisation.objects.get(is_operator=True)
    subject = Organisation.objects.filter(is_operator=False).order_by("pk").first()
    insolvent = organisation("破産")
    owner = actor_of(owner_of(subject))
    colleague = Membership.objects.get(user=person_of(subject, "colleague", ("trader",)))
    staff, second = recoveries.staff(operator)
    participants.invite(actor=owner, email="invited@example.jp", roles=("trader",))
    participants.grant_role(actor=owner, member=colleague.public_id, role="owner")
    participants.ask_second_factor_reset(actor=owner, member=colleague.public_id, reason="紛失")
    participants.lock_login(actor=staff, person=colleague.user.public_id, reason="不審な利用")
    participants.propose_payout_account(actor=owner, payout_account=OTHER_ACCOUNT)
    participants.change_facts(actor=owner, facts={"contact_email": "new@example.jp"}, document="届出書")
    participants.state_authority_limit(actor=owner, act="sign", role="signatory", per_act_minor=10**12)
    register_witness(actor=owner, verifier_key=Observer("story.example").verifier_key)
    recoveries.filed(subject)
    deferred(staff, second, subject)
    oversight.reported(staff, oversight.opened(staff, subject, known_at=clock.now()), "first")
    oversight.asked(owner)
    oversight.held(staff, Listing.objects.order_by("pk").first().public_id)
    oversight.sealed(staff, second, oversight.record_about(subject))
    oversight.records_asked(owner)
    negotiation = Negotiation.objects.order_by("pk").first()
    buyer = Organisation.objects.get(pk=negotiation.buyer_id)
    trader = actor_of(person_of(buyer, "discloser", ("trader",)), buyer)
    contracting.disclose_messages(actor=trader, negotiation=negotiation.public_id, reference="SUP-2026-0117")
    contracting.write_note(actor=trader, negotiation=negotiation.public_id, text="上限は9万円。")
    participants.suspend_participant(
        actor=SYSTEM,
        organisation=insolvent.public_id,
        kind="insolvency",
        reason_code="opening",
        reason="破産手続開始",
        reference="令和8年(フ)第1号",
    )
    participants.propose_trustee(
        actor=staff,
        organisation=insolvent.public_id,
        email="trustee@example.jp",
        name="管財 一郎",
        document="令和8年(フ)第1号",
        document_sha256="0" * 64,
    )
    with transaction.atomic():
        # The market's worker would decide on the application before.
        cases.opened(organisation("保留"))
    refused = Decision.objects.filter(point="admission", outcome="deny").latest("pk")
    applicant = Organisation.objects.get(public_id=refused.parties[0])
    cases.appealed(actor_of(owner_of(applicant)), refused.public_id)
    participants.declare_interest(
        actor=second, organisation=insolvent.public_id, kind="business", statement="取引先でした。"
    )
    asked_of_the_operator(operator, subject, owner, insolvent, applicant)


def asked_of_the_operator(
    operator: Organisation,
    subject: Organisation,
    owner: Any,
    insolvent: Organisation,
    applicant: Organisation,
) -> None:
    """What the rules, their people and the auditor have to do after the day."""
    participants.state_relation(
        actor=owner, related=insolvent.public_id, kind="affiliate", document="登記事項証明書"
    )
    participants.state_qualification(
        actor=owner,
        kind="isms",
        issuer="日本品質認証機構",
        reference="IS 123456",
        valid_from=clock.today() - timedelta(days=30),
        document_sha256="0" * 64,
    )
    clerks = [actor_of(person_of(operator, name, ("admission",)), operator) for name in ("desk", "counter")]
    term = {"ground": "revoked", "source": "告示", "until": clock.today() + timedelta(days=30)}
    with contextlib.suppress(SecondPersonNeeded):
        participants.disqualify(actor=clerks[0], organisation=insolvent.public_id, **term)
    participants.disqualify(actor=clerks[1], organisation=insolvent.public_id, **term)
    state_stake(
        actor=clerks[0],
        listing=Listing.objects.filter(state="on_sale").earliest("pk").public_id,
        holder="高松市",
        kind="licensor",
    )
    stated_to_everybody(operator, subject)
    draftsman = actor_of(person_of(operator, "draftsman", ("rulebook",)), operator)
    save_draft(actor=draftsman, document=newest_rulebook().document)
    publish_turn(
        actor=actor_of(owner_of(operator), operator),
        duty="rulebook",
        person=draftsman.identifier,
        since=clock.now(),
        until=clock.now() + timedelta(days=7),
    )
    neutrality.ask_for_counterfactual(
        actor=SYSTEM,
        first_day=clock.today() - timedelta(days=1),
        last_day=clock.today() - timedelta(days=1),
        first=subject.public_id,
        second=applicant.public_id,
    )


def stated_to_everybody(operator: Organisation, subject: Organisation) -> None:
    """An outage and the next key of the log, each by two people."""
    support = [actor_of(person_of(operator, name, ("support",)), operator) for name in ("ops", "night")]
    incident = oversight.opened(support[0], subject, kind="unavailability", ground="none", persons=0)
    began = clock.now()
    times = {"since": began, "until": began + timedelta(minutes=1)}
    clock.move_to(began + timedelta(minutes=2))  # The market is of now, so the clock goes on.
    with contextlib.suppress(SecondPersonNeeded):
        state_outage(actor=support[0], incident=incident.public_id, **times)
    state_outage(actor=support[1], incident=incident.public_id, **times)
    keepers = [actor_of(person_of(operator, name, ("rulebook",)), operator) for name in ("keys", "vault")]
    announce_key(
        actor=keepers[1],
        first_person=keepers[0].identifier,
        verifier_key=verifier_key(
            settings.EVIDENCE_ORIGIN, ED25519, public_bytes(Ed25519PrivateKey.generate())
        ),
        reason="The yearly rotation.",
        is_emergency=False,
    )


def without_times_and_identifiers(report: dict[str, Any]) -> dict[str, Any]:
    """What must come out the same however often the day was interrupted."""
    kept = {name: value for name, value in report.items() if name != "seconds"}
    kept["evidence"] = {name: report["evidence"][name] for name in ("entries", "verified")}
    kept["cycles"] = [
        {name: value for name, value in cycle.items() if name not in {"id", "closed_at", "settled_at"}}
        for cycle in report["cycles"]
    ]
    kept["waiting"] = [
        {name: value for name, value in trade.items() if name != "trade"} for trade in report["waiting"]
    ]
    return kept


@pytest.fixture(scope="package")
def books(report) -> None:
    """What the books of the day lack: a supply that is stated, and a certified month."""
    first = Trade.objects.order_by("pk").first()
    seller = Organisation.objects.get(pk=first.seller_id)
    state_supply(actor=actor_for(seller, "usr_story"), listing=first.listing, supply="data")
    last_day = clock.today().replace(day=1) - timedelta(days=1)
    record_balance_certificate(
        actor=SYSTEM,
        currency="JPY",
        month=last_day.replace(day=1),
        balance_minor=bank_balance("JPY", last_day).by_value_minor,
        reference="残高証明書",
        document_sha256="0" * 64,
    )


@pytest.fixture(scope="module")
def bad_fee(report) -> Iterator[None]:
    """A forged bad fee, gone after the tests of a file: the day has none, and the checker names it."""
    fee = Obligation.objects.filter(kind="fee", amount_minor__gt=0).order_by("pk").first()
    with unguarded("clearing_feewriteoff"):
        forged = FeeWriteOff.objects.create(
            trade_id=fee.trade_id,
            obligation=fee,
            organisation_id=fee.debtor_id,
            amount_minor=fee.amount_minor,
            currency=fee.currency,
            reason="x",
            first_person="a",
            decided_by="b",
            decided_at=clock.now(),
        )
    yield
    with unguarded("clearing_feewriteoff"):
        FeeWriteOff.objects.filter(pk=forged.pk).delete()


@pytest.fixture(scope="module")
def commissions(report) -> Iterator[None]:
    """A forged fault, talk about a price and pool, because the day has no commissioned work and no pool; gone after the module."""
    agreement = Agreement.objects.order_by("pk").first()
    later = clock.now() + timedelta(days=60)  # beyond what a sweep of the market's own worker would end
    forged = ("contracts_sellerfault", "contracts_pricetalk", "contracts_pool", "contracts_poolversion")
    with unguarded(*forged):
        fault = SellerFault.objects.create(
            agreement=agreement,
            ground="late",
            statement="x",
            admitted_by="usr_first",
            admitted_at=clock.now(),
        )
        talk = PriceTalk.objects.create(
            negotiation=agreement.negotiation, reason="x", asked_by="usr_first", asked_at=clock.now(), answer_by=later
        )  # fmt: skip
        pool = Pool.objects.create(
            listing="lst_forged", lead=agreement.seller, lead_identifier=agreement.seller_identifier, opened_by="usr_first",
            opened_at=clock.now(),
        )  # fmt: skip
        content = {
            "pool": pool.public_id,
            "number": 1,
            "listing": pool.listing,
            "effective_on": later.date().isoformat(),
            "lead": pool.lead_identifier,
            "lead_decides": False,
            "members": [
                {
                    "organisation": pool.lead_identifier,
                    "name": {"ja": "代表", "en": "Lead"},
                    "share": "1/1",
                    "contributions": [],
                }
            ],
        }
        version = PoolVersion.objects.create(
            pool=pool, number=1, cause="terms", effective_on=later.date(), lead_decides=False, denominator=1, content=content,
            content_hash="0" * 64, proposed_by="usr_first", proposed_at=clock.now(),
        )  # fmt: skip
    yield
    with unguarded(*forged):
        for row in (version, pool, talk, fault):
            row.delete()
