"""The price of commissioned work is talked about with a deadline; silence and refusals without reasons are flagged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import services
from contracts.commissions import talks
from contracts.commissions.errors import NotCommissioned, TalkOpen
from contracts.commissions.talk_models import PriceTalk
from contracts.models import Adjustment
from contracts.states import TerminationReason
from contracts.tasks import sweep
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, IllegalTransition, Missing
from marketplace.notices.models import Notice, Task
from tests.contracts import factories
from tests.contracts.raw import refused as refused_by_database
from tests.contracts.raw import run
from tests.contracts.refusals import refused
from tests.contracts.test_invariants import breaches
from tests.participants.factories import client_of
from tests.poison import RUNS, aside, poisoned
from tests.roles import assert_refused, unguarded

from .commissioned import commission, protected

pytestmark = pytest.mark.django_db
REASON = "保守費が15%上がりました。"


@pytest.fixture
def negotiation(market):
    """A negotiation over commissioned work; business time stands still."""
    clock.move_to(clock.now(), running=False)
    return factories.requested(protected(market), commission=commission())


@pytest.fixture
def talk(market, negotiation):
    return talks.ask_for_talk(actor=market.seller, negotiation=negotiation.public_id, reason=REASON)


def answer(market, talk, who="buyer", **changes):
    said = {"answer": "refused", "reason": "予算の確定後のため。"}
    return talks.answer_talk(actor=getattr(market, who), talk=talk.public_id, **{**said, **changes})


def days_later(days):
    clock.move_to(clock.now() + timedelta(days=days), running=False)


def test_the_buyer_is_asked_reminded_and_answers_with_reasons(market, talk):
    task = Task.objects.get(subject=talk.public_id)
    assert (task.organisation_id, task.deadline) == (talk.negotiation.buyer_id, talk.answer_by)
    assert (talk.answer_by - talk.asked_at).days == 14
    days_later(12)
    assert (talks.remind_talks(), talks.remind_talks()) == (1, 0)
    answered = answer(market, talk)
    assert (answered.state, answered.flag) == ("answered", None)
    task.refresh_from_db()
    assert task.state == "done"
    assert Notice.objects.filter(subject=talk.public_id).count() == 2
    kinds = EvidenceRecord.objects.filter(subject=talk.public_id).values_list("kind", flat=True)
    assert list(kinds) == ["contracts.price_talk_asked", "contracts.price_talk_answered"]
    assert REASON not in str(EvidenceRecord.objects.filter(subject=talk.public_id).values_list("payload"))
    assert breaches("price_talks_answered") == 0
    with refused(IllegalTransition):
        answer(market, talk)


def test_silence_is_flagged_goes_to_people_and_stays_flagged(market, talk):
    days_later(13)
    assert talks.flag_talks() == 0
    days_later(2)
    assert (talks.flag_talks(), talks.flag_talks()) == (1, 0)
    talk.refresh_from_db()
    assert (talk.state, talk.flag) == ("unanswered", "silence")
    task = Task.objects.get(subject=talk.public_id, kind="look_into")
    assert task.state == "open"
    assert breaches("price_talks_answered") == 0
    with refused(TalkOpen, talk=talk.public_id):
        talks.ask_for_talk(actor=market.seller, negotiation=talk.negotiation.public_id, reason=REASON)
    answered = answer(market, talk, answer="agreed", reason="")
    assert (answered.state, answered.flag) == ("answered", "silence")
    task.refresh_from_db()
    assert task.state == "done"


def test_a_refusal_without_reasons_is_flagged(market, talk):
    assert answer(market, talk, reason=" ").flag == "no_reasons"


def test_it_goes_on_while_the_agreement_is_in_force_and_is_dropped_with_it(market, negotiation):
    services.sign(actor=market.seller, negotiation=negotiation.public_id)
    services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    talk = talks.ask_for_talk(actor=market.seller, negotiation=negotiation.public_id, reason=REASON)
    assert talks.drop_talks() == 0
    agreement = factories.queries.agreement_of(negotiation.public_id)
    services.terminate_agreement(
        agreement=agreement, reason_code=TerminationReason.REFUNDED, cause="trade.refunded"
    )
    assert sweep() > 0
    talk.refresh_from_db()
    assert talk.state == "dropped"
    assert Task.objects.get(subject=talk.public_id).state == "moot"
    with refused(NotCommissioned):
        talks.ask_for_talk(actor=market.seller, negotiation=negotiation.public_id, reason=REASON)


@pytest.fixture
def in_force(market, negotiation):
    """A talk about the price of an agreement in force."""
    services.sign(actor=market.seller, negotiation=negotiation.public_id)
    services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    return talks.ask_for_talk(actor=market.seller, negotiation=negotiation.public_id, reason=REASON)


@pytest.mark.parametrize("said", ["agreed", "partly"])
def test_what_is_agreed_in_force_raises_the_price_at_once(market, in_force, said):
    with refused(FieldInvalid, name="added_minor"):
        answer(market, in_force, answer=said)
    answered = answer(market, in_force, answer=said, added_minor=50_000)
    row = Adjustment.objects.get()
    assert (row.debtor, row.amount_minor, row.charge, row.reason_code) == ("buyer", 50_000, 1, "price_talk")
    assert (answered.adjustment, answered.added_minor) == (row, 50_000)
    told = OutboxEvent.objects.get(type="adjustment.due").data
    assert (told["debtor"], told["amount_minor"]) == (in_force.negotiation.buyer_identifier, 50_000)
    factories.check_deferred()
    assert breaches("price_talks_answered") == 0
    with unguarded("contracts_pricetalk"):
        run("UPDATE contracts_pricetalk SET added_minor = NULL, adjustment_id = NULL")
    # Both the talk without its effect and the adjustment of no talk.
    assert breaches("price_talks_answered") == 2


def test_an_amount_has_no_place_where_nothing_is_raised(market, talk):
    for said in ("agreed", "refused"):
        with refused(FieldInvalid, name="added_minor"):
            answer(market, talk, answer=said, added_minor=1)


def test_nothing_is_raised_by_a_refusal_in_force(market, in_force):
    with refused(FieldInvalid, name="added_minor"):
        answer(market, in_force, added_minor=1)
    assert (answer(market, in_force).adjustment, Adjustment.objects.count()) == (None, 0)


def test_the_database_lets_nothing_be_agreed_in_force_without_effect(market, in_force):
    def agree():
        run(
            "UPDATE contracts_pricetalk SET state = 'answered', answer = 'agreed', answered_by = 'usr_x', answered_at = public.business_now()"
        )
        run("SET CONSTRAINTS ALL IMMEDIATE")

    assert_refused(agree, because="raises the price of its agreement")
    run("SET CONSTRAINTS ALL DEFERRED")
    order = {"actor": market.operator, "debtor": in_force.negotiation.buyer_identifier, "amount_minor": 1}
    agreement = factories.queries.agreement_of(in_force.negotiation.public_id)
    with refused(FieldInvalid, name="reason_code"):
        services.adjust_price(agreement=agreement, reason="x", reason_code="price_talk", **order)


def test_only_the_protected_seller_asks_and_only_the_buyer_answers(market, negotiation, talk):
    plain = factories.requested(market)
    with refused(NotCommissioned):
        talks.ask_for_talk(actor=market.seller, negotiation=plain.public_id, reason=REASON)
    with refused(Forbidden):
        talks.ask_for_talk(actor=market.buyer, negotiation=negotiation.public_id, reason=REASON)
    with refused(Missing):
        talks.ask_for_talk(actor=market.stranger, negotiation=negotiation.public_id, reason=REASON)
    with refused(FieldInvalid, name="reason"):
        talks.ask_for_talk(actor=market.seller, negotiation=negotiation.public_id, reason=" ")
    with refused(Forbidden):
        answer(market, talk, who="seller")
    with refused(Missing):
        answer(market, talk, who="stranger")
    with refused(FieldInvalid, name="answer"):
        answer(market, talk, answer="later")


def test_over_http_both_read_it_and_the_buyer_answers(market, negotiation):
    seller, buyer = (client_of(market.organisation(name)) for name in ("seller", "buyer"))
    asked = seller.post(
        "/api/v1/price-talks/", {"negotiation": negotiation.public_id, "reason": REASON}, format="json"
    )
    assert asked.status_code == 201, asked.json()
    path = f"/api/v1/price-talks/{asked.json()['id']}/"
    assert client_of(market.organisation("stranger")).get(path).status_code == 404
    answered = buyer.post(f"{path}answer/", {"answer": "refused"}, format="json")
    assert (answered.status_code, answered.json()["flag"]) == (200, "no_reasons")
    assert seller.get(path).json()["flag_label"]["ja"] == "理由の説明のない拒否"


def tried(market, talk, loop, work, state):
    """The loop passes a poisoned talk and does its work for another."""
    other = factories.requested(market, commission=commission())
    further = talks.ask_for_talk(actor=market.seller, negotiation=other.public_id, reason=REASON)
    if work is talks.drop_talks:
        for negotiation in (talk.negotiation, other):
            services.terminate(actor=market.buyer, negotiation=negotiation.public_id)
    days_later(12 if work is talks.remind_talks else 15)
    with poisoned("contracts_pricetalk", f"NEW.id = {talk.pk}"):
        for _ in range(RUNS):
            work()
        assert aside(loop) == [talk.public_id]
    further.refresh_from_db()
    assert further.state == state
    return further


def test_a_poisoned_talk_stops_no_other_that_is_flagged(market, talk):
    tried(market, talk, "contracts.flag_price_talks", talks.flag_talks, "unanswered")


def test_a_poisoned_talk_stops_no_other_that_is_reminded(market, talk):
    further = tried(market, talk, "contracts.remind_price_talks", talks.remind_talks, "open")
    assert further.reminded_at is not None


def test_a_poisoned_talk_stops_no_other_that_is_dropped(market, talk):
    tried(market, talk, "contracts.drop_price_talks", talks.drop_talks, "dropped")


def test_the_database_flags_what_is_forbidden(market, talk):
    refused_by_database(
        "can still be answered",
        "UPDATE contracts_pricetalk SET state = 'unanswered', flag = 'silence', flagged_at = public.business_now()",
    )
    refused_by_database(
        "price_talk_flagged",
        "UPDATE contracts_pricetalk SET state = 'answered', answer = 'refused', answered_by = 'usr_x',"
        " answered_at = public.business_now()",
    )
    refused_by_database("cannot be changed", "UPDATE contracts_pricetalk SET reason = 'x'")
    plain = factories.requested(market)
    refused_by_database(
        "that a law protects",
        "INSERT INTO contracts_pricetalk (public_id, negotiation_id, reason, asked_by, asked_at, answer_by, state, answer_reason,"
        " answered_by) VALUES ('ptk_forged', %s, 'x', 'usr_x', public.business_now(),"
        " public.end_of_period(public.business_now(), 'P14D'), 'open', '', '')",
        plain.pk,
    )
    with unguarded("contracts_pricetalk"):
        run("UPDATE contracts_pricetalk SET answer_by = answer_by + interval '1 day'")
    assert breaches("price_talks_answered") == 1
    assert PriceTalk.objects.count() == 1
