"""The surveillance notices, opens a review, and does nothing else; a person closes it, and the parties are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.schemas.contracts import AgreementConcluded
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded
from marketplace.kernel.invariants import verify_all
from marketplace.notices.models import Task
from marketplace.oversight import tasks
from marketplace.oversight.handlers import on_agreement_concluded
from marketplace.oversight.reviews import detectors, services
from marketplace.oversight.reviews.detectors import Seen
from marketplace.oversight.reviews.errors import ReviewClosed
from marketplace.oversight.reviews.models import Review, SeenAgreement
from marketplace.oversight.reviews.queries import visible_reviews
from marketplace.participants import services as participants
from marketplace.participants.interest_errors import Recused
from tests.notices.factories import handle
from tests.participants.factories import client_of, organisation
from tests.poison import RUNS, aside, let_pauses_pass, poisoned
from tests.roles import unguarded

from .factories import named, notices_of, open_tasks, recorded, refused, review_of, seen_between

pytestmark = pytest.mark.django_db


@pytest.fixture
def party(staffed):
    return organisation("甲", address="東京都港区1-1", representative="甲野 一郎")


@pytest.fixture
def counterparty(staffed):
    return organisation("乙", address="大阪府大阪市2-2", representative="乙山 二郎")


def holds() -> bool:
    return not [name for name, rows in verify_all("oversight").items() if rows]


def kinds() -> list[str]:
    return list(Review.objects.order_by("pk").values_list("detector", flat=True))


def test_those_who_trade_back_and_forth_are_noticed_once(party, counterparty):
    for buyer, seller in ((party, counterparty), (counterparty, party)):
        seen_between(buyer, seller)
    assert kinds() == []
    for buyer, seller in ((party, counterparty), (counterparty, party), (party, counterparty)):
        seen_between(buyer, seller)
    (review,) = Review.objects.all()
    assert (review.detector, len(review.facts["agreements"]), len(review.facts["returned"])) == (
        "back_and_forth",
        2,
        2,
    )
    assert sorted(review.parties) == sorted([party.public_id, counterparty.public_id])
    assert list(open_tasks("look_into").items()) == [(review.public_id, review.look_by)]
    assert (notices_of(party), party.state) == ([], "active")
    assert holds()


def test_a_price_far_out_of_its_segment_is_noticed(party, counterparty):
    for price_minor in range(1_000, 1_100, 10):
        seen_between(party, counterparty, price_minor=price_minor)
    seen_between(party, counterparty, price_minor=9_000)
    assert kinds() == []
    seen_between(party, counterparty, price_minor=20_000)
    seen_between(party, counterparty, price_minor=50)
    seen_between(party, counterparty, price_minor=20_000, segment="environment")
    assert kinds() == ["price", "price"]
    assert Review.objects.first().facts["median_minor"] == 1_050


def test_parties_that_state_the_same_are_noticed_without_saying_what(party):
    same = organisation("丙", address=party.address, representative="丙川 三郎")
    seen_between(party, same)
    (review,) = Review.objects.all()
    assert (review.detector, review.facts["same"]) == ("related", ["address"])
    assert party.address not in str(review.facts)


def test_an_agreement_is_seen_once_by_its_event(party, counterparty):
    event = AgreementConcluded(
        agreement="agr_seen", negotiation="neg_1", reference="", listing="lst_1", listing_version="lsv_1", segment="mobility",
        buyer=party.public_id, seller=counterparty.public_id, price_minor=1_000, currency="JPY", tax_category="standard",
        funding_days=3, inspection_days=7, signed_hash="0" * 64,
    )  # fmt: skip
    handle(on_agreement_concluded, event)
    handle(on_agreement_concluded, event)
    assert SeenAgreement.objects.count() == 1


def test_a_detector_looks_at_its_own_days_alone():
    new = Seen("agr_1", "mobility", "org_a", "org_b", 1, "JPY")
    assert list(detectors.far_price(new, [1_000] * 9)) == []
    assert [finding.key for finding in detectors.far_price(new, [1_000] * 10)] == ["agr_1"]
    assert list(detectors.back_and_forth(new, [new, new])) == []
    assert list(detectors.same_statements(new, {"address": " "}, {"address": ""})) == []


def test_a_review_is_closed_with_a_reason_and_told(first, party, counterparty, stranger):
    review = review_of(party, counterparty)
    assert list(visible_reviews(first)) == [review]
    assert client_of(party).get(f"/api/v1/reviews/{review.public_id}/").status_code == 404
    services.close_review(actor=first, review=review.public_id, outcome="explained", reason="共同事業の精算")
    assert (open_tasks("look_into"), notices_of(party), notices_of(counterparty)) == (
        {},
        [review.public_id],
        [review.public_id],
    )
    shown = client_of(party).get(f"/api/v1/reviews/{review.public_id}/").json()
    assert (shown["outcome"], shown["reason"], shown["facts"]) == (
        "explained",
        "共同事業の精算",
        review.facts,
    )
    assert list(visible_reviews(stranger)) == []
    assert recorded(review.public_id) == ["oversight.review_opened", "oversight.review_closed"]
    with pytest.raises(ReviewClosed):
        services.close_review(actor=first, review=review.public_id, outcome="explained", reason="x")
    assert holds()


def test_a_review_is_sealed_by_two_and_told_at_its_date(first, second, party, counterparty):
    review = review_of(party, counterparty)
    stated = {"review": review.public_id, "outcome": "passed_on", "reason": "調査中", "sealed_days": 30}
    with pytest.raises(SecondPersonNeeded):
        services.close_review(actor=first, **stated)
    services.close_review(actor=second, **stated)
    assert (tasks.sweep(), notices_of(party)) == (0, [])
    assert client_of(party).get("/api/v1/reviews/").json()["results"] == []
    clock.move_to(clock.now() + timedelta(days=31))
    assert tasks.sweep() == 1
    assert notices_of(party) == [review.public_id]
    assert len(client_of(party).get("/api/v1/reviews/").json()["results"]) == 1
    assert holds()


def test_whoever_has_an_interest_in_a_party_closes_no_review_of_it(first, second, party, counterparty):
    review = review_of(party, counterparty)
    sealed = {"review": review.public_id, "outcome": "passed_on", "reason": "調査中", "sealed_days": 30}
    with pytest.raises(SecondPersonNeeded):
        services.close_review(actor=first, **sealed)
    participants.declare_interest(
        actor=first, organisation=counterparty.public_id, kind="business", statement="取引先です。"
    )
    with pytest.raises(SecondPersonNeeded):
        services.close_review(actor=second, **sealed)
    with pytest.raises(Recused):
        services.close_review(actor=first, review=review.public_id, outcome="explained", reason="x")
    review.refresh_from_db()
    assert (review.closed_at, notices_of(party)) == (None, [])
    close = (
        "UPDATE oversight_review SET closed_at = public.business_now(), closed_by = '{}', closed_first = '{}', outcome ="
        " 'explained', reason = 'x', sealed_until = public.business_now() + interval '9 days'"
    )
    for people in (("usr_first", "usr_second"), ("usr_second", "usr_first")):
        refused(close.format(*people), "declared an interest")
    clock.move_to(clock.now() + timedelta(minutes=1))
    services.close_review(actor=second, review=review.public_id, outcome="explained", reason="x")
    assert holds()
    with unguarded("oversight_review"):
        Review.objects.update(closed_by="usr_first")
    assert named("oversight.reviews_by_people") == 1


def test_what_was_closed_is_not_noticed_again_at_once(first, party, counterparty):
    review = review_of(party, counterparty)
    services.close_review(actor=first, review=review.public_id, outcome="no_concern", reason="x")
    seen_between(party, counterparty)
    assert Review.objects.count() == 1
    clock.move_to(clock.now() + timedelta(days=services.AGAIN_AFTER_DAYS))
    for buyer, seller in ((party, counterparty), (counterparty, party)) * 2:
        seen_between(buyer, seller)
    assert Review.objects.count() == 2


def test_who_may_not_closes_nothing(first, owner, party, counterparty):
    review = review_of(party, counterparty)
    for actor in (owner, replace(first, permissions=frozenset())):
        with pytest.raises(PermissionNeeded):
            services.close_review(actor=actor, review=review.public_id, outcome="explained", reason="x")
    for changes, field in (
        ({"outcome": "guilty"}, "outcome"),
        ({"reason": " "}, "reason"),
        ({"sealed_days": 91}, "sealed_days"),
        ({"sealed_days": 0}, "sealed_days"),
    ):
        with pytest.raises(FieldInvalid) as refusal:
            services.close_review(
                actor=first, review=review.public_id, **({"outcome": "explained", "reason": "x"} | changes)
            )
        assert refusal.value.name == field
    with pytest.raises(Missing):
        services.close_review(actor=first, review="rvw_none", outcome="explained", reason="x")
    with pytest.raises(Forbidden):
        services.see_agreement(actor=first, seen=Seen("a", "b", "c", "d", 1, "JPY"), concluded_at=clock.now())
    with pytest.raises(Forbidden):
        services.tell_parties(actor=first, review=review.public_id)
    review.refresh_from_db()
    assert review.closed_at is None


def test_the_database_refuses_to_close_a_review_for_a_person(first, owner, party, counterparty):
    review_of(party, counterparty)
    close = (
        "UPDATE oversight_review SET closed_at = public.business_now(), closed_by = {}, closed_first = {}, outcome = 'explained',"
        " reason = {}, sealed_until = {}, told_at = public.business_now()"
    )
    later = "public.business_now() + interval '{} days'".format
    for values, because in (
        (("'usr_owner'", "''", "'x'", "NULL"), "no natural person of the operator"),
        (("'usr_first'", "''", "''", "NULL"), "review_closed"),
        (("'system'", "''", "'x'", "NULL"), "review_closed"),
        (("'usr_first'", "''", "'x'", later(9)), "review_sealed_by_two"),
        (("'usr_first'", "'usr_first'", "'x'", later(9)), "review_sealed_by_two"),
        (("'usr_first'", "'usr_owner'", "'x'", later(9)), "no natural person of the operator"),
        (("'usr_first'", "'usr_second'", "'x'", later(91)), "review_sealed_by_two"),
    ):
        refused(close.format(*values), because)
    refused("UPDATE oversight_review SET facts = '{}'", "cannot be changed")
    refused("DELETE FROM oversight_review", "are kept")
    refused("UPDATE oversight_seenagreement SET price_minor = 1", "append-only")
    services.close_review(actor=first, review=Review.objects.get().public_id, outcome="explained", reason="x")
    refused("UPDATE oversight_review SET outcome = 'no_concern'", "closed once")
    assert named("oversight.reviews_by_people") == 0
    with unguarded("oversight_review"):
        Review.objects.update(closed_by="usr_made_up")
    assert named("oversight.reviews_by_people") == 1


def test_a_review_without_a_task_is_named(party, counterparty):
    review_of(party, counterparty)
    assert named("oversight.reviews_attended") == 0
    with unguarded("notices_task"):
        Task.objects.filter(kind="look_into").update(subject="x")
    assert named("oversight.reviews_attended") == 1


def test_the_facts_of_a_review_do_not_change(party, counterparty):
    review_of(party, counterparty)
    assert named("oversight.reviews_committed") == 0
    with unguarded("oversight_review"):
        Review.objects.update(facts={"another": 1})
    assert named("oversight.reviews_committed") == 1


def test_parties_that_cannot_be_told_stand_aside(first, second, party, counterparty):
    stuck = review_of(party, counterparty)
    stated = {"review": stuck.public_id, "outcome": "passed_on", "reason": "調査中", "sealed_days": 30}
    with pytest.raises(SecondPersonNeeded):
        services.close_review(actor=first, **stated)
    services.close_review(actor=second, **stated)
    clock.move_to(clock.now() + timedelta(days=31))
    with poisoned("oversight_review", f"NEW.id = {stuck.pk}"):
        assert sum(tasks.sweep() for _ in range(RUNS)) == 0
    assert aside("oversight.tell") == [stuck.public_id]
    let_pauses_pass()
    assert tasks.sweep() == 1
