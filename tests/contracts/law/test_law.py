"""A new rulebook makes a term of an agreement in force unlawful: both are told, amend in time, or the agreement ends by law."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from contracts.amending.services import amend_agreement
from contracts.law import services as law
from contracts.law.errors import LeftUnlawful
from contracts.law.models import LawAdjustment, LawExamination
from contracts.models import Agreement, Ending
from marketplace.evidence.signatures import verify
from marketplace.jobs.models import Job
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.models import Notice
from tests.contracts import factories
from tests.participants.factories import client_of
from tests.poison import RUNS, aside, let_pauses_pass, poisoned
from tests.roles import assert_refused, unguarded
from tests.rules import factories as rules

pytestmark = pytest.mark.django_db

BAN = {
    "code": "LAW-1",
    "term": "rights.model_training",
    "in": ["prohibited"],
    "text": {"ja": "学習への利用は禁じられています。", "en": "Training models with it is prohibited."},
    "source": "令和9年法律第1号",
}


def enact(*entries, **parameters):
    """A rulebook in force with these entries, whose examination is due."""
    document = {**factories.RULES, "unlawful_terms": list(entries), "parameters": parameters}
    if not entries:
        del document["unlawful_terms"]
    row = rules.publish(document)
    clock.move_to(max(clock.now(), row.effective_from) + timedelta(minutes=6), running=False)
    return row


def examined():
    """The examination that the sweep asks for."""
    assert law.ask_for_examination() == 1
    job = Job.objects.get(kind="contracts.examine_law", subject=law.law_in_force().public_id)
    law.examine(job.subject, lambda *_: None)


def training(market):
    """An agreement under which models are trained with the data."""
    return factories.agreement(market, rights={"model_training": "permitted"})


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def breaches(name="contracts.unlawful_is_followed"):
    return [row["public_id"] for row in REGISTER[name].check()]


def amend(market, agreement, **rights):
    """The amendment of the rights from today on, signed by both."""
    terms = {"effective_on": clock.today().isoformat(), "rights": rights}
    negotiation = amend_agreement(actor=market.buyer, agreement=agreement.public_id, terms=terms)
    for actor in (market.seller, market.buyer):
        factories.services.sign(actor=actor, negotiation=negotiation.public_id)


def test_both_are_told_which_term_is_unlawful_and_until_when(market):
    agreement = training(market)
    lawful = factories.agreement(market, rights={"model_training": "prohibited"})
    enact(BAN, law_grace_days=30)
    examined()
    row = LawAdjustment.objects.get()
    assert (row.agreement_id, row.code, row.term, row.state) == (
        agreement.pk, "LAW-1", "rights.model_training", "open",
    )  # fmt: skip
    assert clock.business_date(row.amend_by) == clock.today() + timedelta(days=30)
    said = verify(row.jws)
    assert (said["value"], said["entry"]["source"]) == ("permitted", BAN["source"])
    told = [
        row for row in Notice.objects.filter(subject=agreement.public_id) if "unlawful" in row.title["en"]
    ]
    assert {row.organisation_id for row in told} == {agreement.buyer_id, agreement.seller_id}
    assert not lawful.law_adjustments.exists()
    assert [event["state"] for event in factories.events("agreement.unlawful")] == ["open"]
    assert law.ask_for_examination() == 0
    assert LawExamination.objects.get().found == 1
    assert breaches() == breaches("contracts.lawful_when_signed") == []


def test_the_parties_read_it(market):
    agreement = training(market)
    enact(BAN)
    examined()
    for name, status in (("buyer", 200), ("seller", 200), ("stranger", 404)):
        client = client_of(market.organisation(name))
        answer = client.get(f"/api/v1/agreements/{agreement.public_id}/law-adjustments/")
        assert answer.status_code == status
        if status == 200:
            (row,) = answer.json()
            assert (row["kind"], row["value"], row["can_be_amended"]) == ("law", "permitted", True)
            assert row["text"] == BAN["text"]


def test_an_amendment_settles_it_by_itself(market):
    agreement = training(market)
    enact(BAN)
    examined()
    amend(market, agreement, model_training="prohibited")
    law.follow_law(agreement.public_id)
    assert LawAdjustment.objects.get().state == "amended"
    clock.move_to(clock.now() + timedelta(days=60), running=False)
    law.carry_out_law()
    agreement.refresh_from_db()
    assert (agreement.state, Ending.objects.count(), breaches()) == ("in_force", 0, [])


def test_what_is_not_amended_ends_by_law_with_the_days_back(market):
    agreement = training(market)
    enact(BAN, law_grace_days=30)
    examined()
    row = LawAdjustment.objects.get()
    clock.move_to(row.amend_by - timedelta(seconds=1), running=False)
    assert law.carry_out_law() == 0
    clock.move_to(row.amend_by, running=False)
    assert law.carry_out_law() == 1
    ending = Ending.objects.get()
    assert (ending.ground, ending.state, ending.law_adjustment) == ("law", "scheduled", row)
    assert ending.refund == "pro_rata"
    assert ending.last_day == clock.business_date(row.amend_by)
    assert law.carry_out_law() == 0
    clock.move_to(ending.access_until, running=False)
    assert factories.services.carry_out_endings() == 1
    assert law.carry_out_law() == 1
    agreement.refresh_from_db()
    assert (agreement.state, agreement.termination_reason) == ("terminated", "law")
    assert LawAdjustment.objects.get().state == "over"
    assert breaches() == breaches("contracts.ended_as_shown") == []


def test_a_later_rulebook_lifts_it(market):
    agreement = training(market)
    enact(BAN)
    examined()
    enact()
    examined()
    assert agreement.law_adjustments.get().state == "lifted"
    assert breaches() == []


def test_nothing_unlawful_is_proposed_or_signed(market):
    waiting = factories.agreed(market, rights={"model_training": "permitted"})
    enact(BAN)
    with pytest.raises(FieldInvalid) as refused:
        factories.requested(market, rights={"model_training": "permitted"})
    assert refused.value.name == "terms.rights.model_training"
    with pytest.raises(FieldInvalid) as refused:
        factories.services.sign(actor=market.buyer, negotiation=waiting.public_id)
    assert refused.value.name == "terms.rights.model_training"
    assert factories.agreement(market, rights={"model_training": "prohibited"}).state == "in_force"


def test_a_highest_number_and_a_segment(market):
    agreement = factories.agreement(market, inspection_days=20)
    elsewhere = {**BAN, "code": "LAW-2", "segments": ["elsewhere"]}
    enact(
        {**{k: v for k, v in BAN.items() if k != "in"}, "term": "inspection_days", "at_most": 10}, elsewhere
    )
    examined()
    row = agreement.law_adjustments.get()
    assert (row.term, row.found["value"], row.found["can_be_amended"]) == ("inspection_days", 20, False)
    assert LawAdjustment.objects.count() == 1
    assert breaches() == []


def test_an_agreement_that_cannot_be_followed_holds_back_no_other(market):
    stuck, fine = training(market), training(market)
    enact(BAN)
    assert law.ask_for_examination() == 1
    rulebook = law.law_in_force().public_id
    with poisoned("contracts_lawadjustment", f"NEW.agreement_id = {stuck.pk}"):
        for _ in range(RUNS):
            with pytest.raises(LeftUnlawful):
                law.examine(rulebook, lambda *_: None)
    assert aside("contracts.follow_law") == [stuck.public_id]
    assert (fine.law_adjustments.count(), stuck.law_adjustments.count()) == (1, 0)
    assert not LawExamination.objects.exists()
    let_pauses_pass()
    law.examine(rulebook, lambda *_: None)
    assert (LawExamination.objects.get().found, breaches()) == (2, [])


def test_an_agreement_that_cannot_be_ended_holds_back_no_other(market):
    stuck, fine = training(market), training(market)
    enact(BAN)
    examined()
    clock.move_to(fine.law_adjustments.get().amend_by, running=False)
    with poisoned("contracts_ending", f"NEW.agreement_id = {stuck.pk}"):
        assert sum(law.carry_out_law() for _ in range(RUNS)) == 1
    assert aside("contracts.carry_out_law") == [stuck.law_adjustments.get().public_id]
    assert Ending.objects.get().agreement == fine


def test_what_was_signed_against_the_law_is_named(market):
    enact(BAN)
    agreement = factories.agreement(market, rights={"model_training": "prohibited"})
    with unguarded("contracts_instrument"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE contracts_instrument SET content = jsonb_set(content::jsonb,"
            " '{terms,rights,model_training}', '\"permitted\"')::text WHERE id = %s",
            [agreement.instrument_id],
        )
    assert breaches("contracts.lawful_when_signed") == [agreement.public_id]


def test_an_unlawful_term_that_nobody_follows_is_named(market):
    agreement = training(market)
    enact(BAN)
    examined()
    with unguarded("contracts_lawadjustment"):
        LawAdjustment.objects.all().delete()
    assert breaches() == [agreement.public_id]


def test_the_database_records_only_what_the_rulebook_says(market):
    agreement = training(market)
    enact(BAN)
    examined()
    closed = "UPDATE contracts_lawadjustment SET state = '{}', closed_at = public.business_now()"
    assert_refused(lambda: run(closed.format("amended")), because="still stands")
    assert_refused(lambda: run(closed.format("over")), because="still stands")
    copied = (
        "INSERT INTO contracts_lawadjustment (public_id, agreement_id, rulebook_id, code, term, found, jws, state, opened_at, amend_by)"
        " SELECT 'lad_forged', agreement_id, rulebook_id, 'LAW-9', term, found, jws, state, public.business_now(), amend_by"
        " FROM contracts_lawadjustment"
    )
    assert_refused(lambda: run(copied), because="does not make this term")
    assert Agreement.objects.get(pk=agreement.pk).state == "in_force"
