"""What each event leaves in the inboxes of those it concerns."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from marketplace.events.schemas import (
    billing,
    clearing,
    contracts,
    delivery,
    listings,
    members,
    participants,
)
from marketplace.events.schemas import invoices as invoice_events
from marketplace.jobs.models import Job
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.suspensions import EFFECTS, SuspensionKind
from marketplace.notices import handlers, queries
from marketplace.notices.handlers import bills, failures, invoices, people, suspensions
from marketplace.notices.handlers import listings as listing_handlers
from marketplace.notices.models import MailMessage, Notice, Task
from marketplace.participants import services as participation
from marketplace.participants.models import Suspension
from tests.participants import factories as parties

from .factories import handle, inbox, notice_titles

pytestmark = pytest.mark.django_db

DEADLINE = "2025-10-08T09:00:00+00:00"


@pytest.fixture
def operator():
    return parties.operator()


@pytest.fixture
def seller(operator):
    return parties.organisation("売")


@pytest.fixture
def buyer(operator):
    return parties.organisation("買")


@pytest.fixture
def both(buyer, seller):
    return {"buyer": buyer.public_id, "seller": seller.public_id}


@pytest.fixture
def trade(both):
    return {**both, "trade": "trd_1", "agreement": "agr_1"}


def negotiation(both, state, by, waits_for, respond_by=DEADLINE):
    handle(
        handlers.on_negotiation_moved,
        contracts.NegotiationMoved(
            negotiation="ngt_1",
            listing="lst_1",
            state=state,
            by=by,
            waits_for=waits_for,
            respond_by=respond_by if waits_for else None,
            **both,
        ),
    )


def test_both_parties_are_notified_in_as_few_queries_as_one(both, django_assert_max_num_queries):
    for name in both.values():
        participation.add_member(
            actor=SYSTEM, organisation=name, email=f"{name}@example.jp", name="x", roles=("owner",)
        )
    with django_assert_max_num_queries(11), clock.read_once():
        negotiation(both, "finalized", "system", None)
    assert (Notice.objects.count(), MailMessage.objects.count(), Job.objects.count()) == (2, 2, 2)


def test_a_negotiation_passes_the_task_back_and_forth(buyer, seller, both):
    negotiation(both, "requested", "buyer", "seller")
    assert (inbox(seller), inbox(buyer)) == ([("answer", "ngt_1", "open")], [])
    task = Task.objects.get()
    assert task.deadline == datetime(2025, 10, 8, 9, tzinfo=UTC)
    assert task.title == {
        "ja": "組織買 からの条件提示に回答してください",
        "en": "Answer the terms proposed by Organisation 買",
    }
    negotiation(both, "offered", "seller", "buyer")
    assert (inbox(seller), inbox(buyer)) == ([("answer", "ngt_1", "done")], [("answer", "ngt_1", "open")])
    negotiation(both, "accepted", "buyer", "seller")
    negotiation(both, "agreed", "seller", "buyer")
    assert inbox(seller) == [("answer", "ngt_1", "done"), ("sign", "ngt_1", "done")]
    assert inbox(buyer) == [("answer", "ngt_1", "done"), ("sign", "ngt_1", "open")]
    negotiation(both, "finalized", "system", None)
    assert inbox(buyer) == [("answer", "ngt_1", "done"), ("sign", "ngt_1", "done")]
    assert notice_titles(seller) == ["組織買 との契約が成立しました"]
    assert notice_titles(buyer) == ["組織売 との契約が成立しました"]


def test_a_terminated_negotiation_leaves_nothing_to_do(buyer, seller, both):
    negotiation(both, "requested", "buyer", "seller")
    negotiation(both, "terminated", "buyer", None)
    assert inbox(seller) == [("answer", "ngt_1", "moot")]
    assert notice_titles(seller) == ["組織買 との交渉は終了しました"]


def test_the_same_move_again_changes_nothing(buyer, seller, both):
    negotiation(both, "requested", "buyer", "seller")
    negotiation(both, "requested", "buyer", "seller", "2025-10-09T09:00:00+00:00")
    assert inbox(seller) == [("answer", "ngt_1", "open")]
    assert Task.objects.get().deadline == datetime(2025, 10, 9, 9, tzinfo=UTC)


def concluded(trade, *, waits_for_money=True):
    event = clearing.TradeConcluded(
        gross_minor=110_000, currency="JPY", fund_by=DEADLINE, waits_for_money=waits_for_money, **trade
    )
    handle(handlers.on_trade_concluded, event)


def secured(trade):
    event = clearing.TradeSecured(listing="lst_1", listing_version="lsv_1", inspection_days=3, **trade)
    handle(handlers.on_trade_secured, event)


def granted(trade):
    handle(
        handlers.on_delivery_granted, delivery.DeliveryGranted(entitlement="ent_1", expires_at=None, **trade)
    )


def matched(trade):
    event = delivery.DeliveryMatched(entitlement="ent_1", sha256="0" * 64, inspect_by=DEADLINE, **trade)
    handle(handlers.on_delivery_matched, event)


def accepted(trade, by):
    handle(handlers.on_delivery_accepted, delivery.DeliveryAccepted(entitlement="ent_1", by=by, **trade))


def test_nobody_is_asked_to_pay_in_for_a_trade_that_is_secured_already(buyer, trade):
    concluded(trade, waits_for_money=False)
    secured(trade)
    assert (inbox(buyer), MailMessage.objects.filter(about__startswith="tsk_").count()) == ([], 0)


def test_a_trade_goes_from_paying_to_accepting(buyer, seller, trade):
    concluded(trade)
    assert Task.objects.get().title == {
        "ja": "組織売 との取引の代金 ¥110,000 を入金してください",
        "en": "Pay in ¥110,000 for the trade with Organisation 売",
    }
    secured(trade)
    granted(trade)
    matched(trade)
    assert inbox(buyer) == [
        ("fund", "trd_1", "done"),
        ("collect", "ent_1", "done"),
        ("accept", "ent_1", "open"),
    ]
    accepted(trade, "buyer")
    assert inbox(buyer)[-1] == ("accept", "ent_1", "done")
    assert inbox(seller) == []
    assert notice_titles(seller) == ["組織買 との取引の資金を確保しました", "組織買 がデータを検収しました"]


def test_silence_leaves_the_inspection_undone(buyer, seller, trade):
    matched(trade)
    accepted(trade, "lapse")
    assert inbox(buyer) == [("accept", "ent_1", "moot")]
    assert notice_titles(seller) == ["組織買 の検査期間が終了しました"]


def test_a_failed_trade_asks_for_nothing_more(buyer, seller, trade):
    concluded(trade)
    handle(failures.on_trade_failed, clearing.TradeFailed(reason_code="not_funded", **trade))
    assert inbox(buyer) == [("fund", "trd_1", "moot")]
    assert notice_titles(buyer) == ["組織売 との取引は不成立となりました"]
    assert notice_titles(seller) == ["組織買 との取引は不成立となりました"]


def test_an_instalment_that_is_owed_after_an_early_end_is_told_as_owed(buyer, seller, trade):
    concluded(trade)
    handle(failures.on_trade_failed, clearing.TradeFailed(reason_code="owed_outside", **trade))
    assert inbox(buyer) == [("fund", "trd_1", "moot")]
    assert notice_titles(buyer) == ["組織売 との取引の分割払いが入金されませんでした"]
    assert notice_titles(seller) == ["組織買 との取引の分割払いが入金されませんでした"]


def test_a_refund_asks_for_nothing_more(buyer, seller, trade):
    granted(trade)
    handle(failures.on_trade_refunded, clearing.TradeRefunded(amount_minor=500, currency="JPY", **trade))
    assert inbox(buyer) == [("collect", "ent_1", "moot")]
    assert notice_titles(buyer) == notice_titles(seller) == ["¥500 を利用者へ返金しました"]


def dispute(trade, outcome=None):
    facts = {key: trade[key] for key in ("agreement", "buyer", "seller")} | {"dispute": "dsp_1"}
    if outcome is None:
        handle(handlers.on_dispute_opened, contracts.DisputeOpened(reason_code="wrong_rows", **facts))
    else:
        handle(handlers.on_dispute_resolved, contracts.DisputeResolved(outcome=outcome, **facts))


@pytest.mark.parametrize(
    ("outcome", "last"),
    [
        ("dismissed", ("accept", "ent_1", "done")),
        ("refund", ("accept", "ent_1", "done")),
        ("redelivery", ("collect", "ent_1", "open")),
    ],
)
def test_a_dispute_is_the_operators_to_resolve(operator, buyer, seller, trade, outcome, last):
    matched(trade)
    dispute(trade)
    assert inbox(buyer) == [("accept", "ent_1", "done")]
    assert inbox(operator) == [("resolve", "dsp_1", "open")]
    assert notice_titles(seller) == ["組織買 との取引で異議が申し立てられました"]
    dispute(trade, outcome)
    assert inbox(operator) == [("resolve", "dsp_1", "done")]
    assert inbox(buyer)[-1] == last
    assert len(notice_titles(buyer)) == len(notice_titles(seller)) == 2
    granted(trade)
    assert inbox(buyer).count(("collect", "ent_1", "open")) == 1


def decided(admission, state, decision="dec_1"):
    handle(
        handlers.on_admission_decided,
        participants.AdmissionDecided(
            admission=admission.public_id,
            organisation=admission.organisation.public_id,
            segment=admission.segment.code,
            capacity=admission.capacity,
            state=state,
            decision=decision,
        ),
    )


@pytest.mark.parametrize(
    ("state", "title"),
    [
        ("admitted", "分野 分野mobility への利用者としての参加が承認されました"),
        ("refused", "分野 分野mobility への利用者としての参加は承認されませんでした"),
        ("withdrawn", "分野 分野mobility への利用者としての参加承認は終了しました"),
    ],
)
def test_the_applicant_learns_the_decision(operator, buyer, state, title):
    decided(parties.application_for(buyer), state, None)
    assert notice_titles(buyer) == [title]
    assert inbox(operator) == []


def suspended(organisation, kind, **changes):
    """The event of a suspension that stands."""
    stated = {"reason_code": "review", "reason": "書類の確認中", "reference": "第1号"} | changes
    participation.suspend_participant(actor=SYSTEM, organisation=organisation.public_id, kind=kind, **stated)
    suspension = Suspension.objects.latest("pk")
    return participants.ParticipantSuspended(
        organisation=organisation.public_id,
        suspension=suspension.public_id,
        kind=kind,
        reason_code=stated["reason_code"],
    )


@pytest.mark.parametrize("kind", list(SuspensionKind))
def test_a_suspended_organisation_reads_why_and_what_it_means(operator, buyer, kind):
    event = suspended(buyer, kind.value)
    handle(suspensions.on_participant_suspended, event)
    body = Notice.objects.get().body
    assert "書類の確認中" in body["ja"]
    for language, text in EFFECTS[kind].meaning.as_dict().items():
        assert text in body[language]
    kinds = {"sanctions": "freeze", "insolvency": "appoint"}
    held = [(kinds[kind], event.suspension, "open")] if kind in kinds else []
    assert inbox(operator) == held
    ended = participants.SuspensionEnded(
        organisation=buyer.public_id, suspension=event.suspension, kind=kind.value, is_active=False
    )
    handle(suspensions.on_suspension_ended, ended)
    assert [state for *_, state in inbox(operator)] == ["done" for _ in held]
    assert "他の停止" in Notice.objects.latest("pk").body["ja"]


def test_the_operator_is_asked_for_a_trustee_until_one_acts(operator, buyer):
    event = suspended(buyer, "insolvency")
    handle(suspensions.on_participant_suspended, event)
    assert inbox(operator) == [("appoint", event.suspension, "open")]
    first, second = (parties.actor_of(parties.person_of(operator, name)) for name in ("one", "two"))
    proposed = participation.propose_trustee(
        actor=first,
        organisation=buyer.public_id,
        email="trustee@example.jp",
        name="管財 一郎",
        document="第1号",
        document_sha256="0" * 64,
    )
    trustee = participation.appoint_trustee(actor=second, appointment=proposed.public_id).user
    told = participants.TrusteeAppointed(organisation=buyer.public_id, appointment=proposed.public_id)
    handle(suspensions.on_trustee_appointed, told)
    assert [row for row in inbox(operator) if row[0] == "appoint"] == [("appoint", event.suspension, "done")]
    left = participation.leave(actor=parties.actor_of(trustee))
    told = members.MemberChanged(
        organisation=buyer.public_id,
        member=left.membership.public_id,
        change="end",
        role="",
        by=trustee.public_id,
    )
    handle(people.on_member_changed, told)
    assert [state for kind, _, state in inbox(operator) if kind == "appoint"] == ["done", "open"]


def test_a_suspension_for_a_shortfall_is_told_in_the_reader_s_language(buyer):
    event = suspended(buyer, "breach", reason_code="shortfall", reason="資金不足\nshortfall")
    handle(suspensions.on_participant_suspended, event)
    body = Notice.objects.get().body
    assert "Reason: a shortfall in clearing." in body["en"]
    assert "資金不足" not in body["en"]
    assert "shortfall" not in body["ja"]


def test_sellers_and_payers_are_told(buyer, seller):
    version = {
        "listing": "lst_1",
        "listing_version": "lsv_1",
        "seller": seller.public_id,
        "decision": "dec_1",
    }
    handle(listing_handlers.on_version_published, listings.ListingVersionPublished(**version))
    handle(listing_handlers.on_version_refused, listings.ListingVersionRefused(**version))
    assert notice_titles(seller) == ["出品を公開しました", "出品は公開されませんでした"]
    payment = clearing.PaymentReceived(
        organisation=buyer.public_id, amount_minor=1_000, currency="JPY", bank_reference="B-1"
    )
    handle(handlers.on_payment_received, payment)
    handle(handlers.on_payment_received, dataclasses.replace(payment, amount_minor=3_000, receipts=2))
    invoice = invoice_events.InvoiceIssued(
        invoice="inv_1", issuer="x", recipient=buyer.public_id, number="2025-001"
    )
    handle(invoices.on_invoice_issued, invoice)
    statement = clearing.StatementMade(
        statement="stm_1", organisation=buyer.public_id, currency="JPY", month="2025-11"
    )
    handle(handlers.on_statement_made, statement)
    assert notice_titles(buyer) == [
        "¥1,000 の入金を確認しました",
        "2件、合計 ¥3,000 の入金を確認しました",
        "帳票 2025-001 を発行しました",
        "2025-11 の月次明細を発行しました",
    ]
    assert queries.counts()["notices"] == 6


def test_a_participant_has_one_notice_of_its_documents_of_a_cycle(seller):
    issued = invoice_events.InvoicesIssued(
        organisation=seller.public_id, cycle="cyc_1", business_key="JPY-2030-0001"
    )
    handle(invoices.on_invoices_issued, issued)
    assert notice_titles(seller) == ["清算サイクル JPY-2030-0001 の帳票を発行しました"]
    assert Notice.objects.get().subject == "cyc_1"


def test_a_represented_supplier_is_told_of_its_copy(buyer, seller):
    invoice = invoice_events.InvoiceIssued(
        invoice="inv_1", issuer="x", recipient=buyer.public_id, number="2025-001", supplier=seller.public_id
    )
    handle(invoices.on_invoice_issued, invoice)
    assert notice_titles(buyer) == ["帳票 2025-001 を発行しました"]
    assert notice_titles(seller) == ["帳票 2025-001 を貴組織に代わり発行しました"]


def test_every_text_is_written_in_both_languages(buyer, seller, both, trade):
    negotiation(both, "requested", "buyer", "seller")
    concluded(trade)
    secured(trade)
    for row in [*Task.objects.all(), *Notice.objects.all()]:
        assert set(row.title) == {"ja", "en"}
        assert row.title["ja"] != row.title["en"]
        assert "{" not in repr(list(row.title.values()))


def test_an_overdue_cycle_is_the_operator_s_task_until_it_has_moved_on(operator):
    overdue = clearing.CycleOverdue(
        cycle="cyc_1", business_key="JPY-2030-0001", reason_code="slow", since="2030-04-01T07:00:00+00:00"
    )
    handle(handlers.on_cycle_overdue, overdue)
    assert inbox(operator) == [("expedite", "cyc_1", "open")]
    title = Task.objects.get().title
    assert title["en"].startswith("Cycle JPY-2030-0001 is late: its steps take too long")
    assert title["ja"].startswith("清算サイクル JPY-2030-0001 が遅延しています: 処理に時間が")
    handle(handlers.on_cycle_caught_up, clearing.CycleCaughtUp(cycle="cyc_1", reason_code="slow"))
    assert inbox(operator) == [("expedite", "cyc_1", "done")]


@pytest.mark.parametrize("reason", ["idle", "above_cap"])
def test_money_that_goes_back_is_told_with_its_reason(buyer, reason):
    returning = clearing.MoneyReturning(
        organisation=buyer.public_id,
        instruction="stl_1",
        amount_minor=5_000,
        currency="JPY",
        reason_code=reason,
    )
    handle(handlers.on_money_returning, returning)
    notice = Notice.objects.get(organisation=buyer)
    assert ("5,000" in notice.title["en"], "stl_1" in notice.body["ja"]) == (True, True)


@pytest.mark.parametrize("reason", ["no_account", "abroad", "no_route"])
def test_money_that_cannot_go_back_is_told_with_the_reason(buyer, reason):
    stuck = clearing.MoneyStuck(
        organisation=buyer.public_id, amount_minor=5_000, currency="JPY", reason_code=reason
    )
    handle(handlers.on_money_stuck, stuck)
    assert "5,000" in Notice.objects.get(organisation=buyer).title["ja"]


def test_a_billed_buyer_has_a_task_until_it_has_paid(trade, buyer, seller):
    bill = {**trade, "amount_minor": 11_000, "currency": "JPY"}
    handle(bills.on_trade_billed, billing.TradeBilled(**bill, due_on="2027-02-03"))
    task = Task.objects.get(organisation=buyer)
    assert (task.kind, task.subject, task.state) == ("fund", "trd_1", "open")
    assert task.deadline == datetime(2027, 2, 3, 15, tzinfo=UTC)
    assert "11,000" in task.title["ja"]
    handle(bills.on_trade_paid, billing.TradePaid(**bill, paid_from="available"))
    assert (inbox(buyer), inbox(seller)) == ([("fund", "trd_1", "done")], [])


def test_a_bill_is_closed_with_the_refund_of_its_trade(trade, buyer):
    bill = {**trade, "amount_minor": 11_000, "currency": "JPY"}
    handle(bills.on_trade_billed, billing.TradeBilled(**bill, due_on="2027-02-03"))
    handle(failures.on_trade_refunded, clearing.TradeRefunded(**bill))
    assert inbox(buyer) == [("fund", "trd_1", "moot")]


def test_the_mail_about_a_proposal_says_what_it_changes(seller, both):
    participation.add_member(
        actor=SYSTEM, organisation=both["seller"], email="s@example.jp", name="x", roles=("owner",)
    )
    handle(
        handlers.on_negotiation_moved,
        contracts.NegotiationMoved(
            negotiation="ngt_1",
            listing="lst_1",
            state="requested",
            by="buyer",
            waits_for="seller",
            respond_by=DEADLINE,
            changes=(
                contracts.TermChange(
                    field="price_minor", en="Price: from 2 to 1.", ja="対価：2 から 1 に変更。"
                ),
            ),
            **both,
        ),
    )
    assert "変更された条件:\n対価：2 から 1 に変更。" in MailMessage.objects.get().text
