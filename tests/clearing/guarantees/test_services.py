"""Guarantees are registered and reduced by two people, and read by their own participant and the operator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearing.guarantees.errors import GuaranteeInUse
from clearing.guarantees.services import reduce_guarantee, register_guarantee
from clearing.models import Guarantee, GuaranteeReduction
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from tests.participants.factories import actor_for, client_of

from .. import factories
from ..guaranteeing import limit, people, reduce, register, terms, used
from ..test_invariants import broken


def test_two_people_register_a_guarantee_on_the_same_terms(market):
    first, second = people(market)
    stated = terms(market, "city", 50_000)
    for actor, amount_minor in ((first, 50_000), (first, 50_000), (second, 50_001)):
        with pytest.raises(SecondPersonNeeded):
            register_guarantee(actor=actor, **(stated | {"amount_minor": amount_minor}))
    assert Guarantee.objects.count() == 0
    made = register_guarantee(actor=second, **stated)
    assert (made.amount_minor, made.used_minor, made.issuer) == (50_000, 0, "三方銀行")
    assert (made.approval.first_person, made.registered_by) == ("usr_first", "usr_second")
    recorded = EvidenceRecord.objects.get(kind="clearing.guarantee_registered")
    assert (recorded.subject, recorded.actor) == (made.public_id, "usr_second")
    assert recorded.payload["amount_minor"] == 50_000
    assert broken() == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount_minor", 0),
        ("amount_minor", 10**12 + 1),
        ("currency", "XXX"),
        ("issuer", " "),
        ("kind", "deposit_limit"),
        ("expires_at", "past"),
    ],
)
def test_wrong_terms_are_refused_by_their_field(market, field, value):
    first, _ = people(market)
    given = clock.now() - timedelta(hours=1) if value == "past" else value
    with pytest.raises(FieldInvalid) as refused:
        register_guarantee(actor=first, **(terms(market, "city", 50_000) | {field: given}))
    assert refused.value.name == ("issuer" if field == "kind" else field)
    asked = Approval.objects.filter(command="clearing.register_guarantee")
    assert (Guarantee.objects.count(), asked.count()) == (0, 0)


def test_only_the_operator_registers_for_a_participant(market):
    first, _ = people(market)
    stated = terms(market, "city", 50_000)
    with pytest.raises(Forbidden):
        register_guarantee(actor=actor_for(market.party("city"), "usr_city"), **stated)
    with pytest.raises(Missing):
        register_guarantee(actor=first, **(stated | {"organisation": "org_none"}))
    with pytest.raises(FieldInvalid) as refused:
        register_guarantee(actor=first, **(stated | {"organisation": market.operator.public_id}))
    assert (refused.value.name, Guarantee.objects.count()) == ("organisation", 0)


def test_a_guarantee_is_reduced_by_two_people_and_not_below_its_use(market):
    guarantee = register(market, "city", 50_000)
    assert factories.conclude(market, "city", "seller", 20_000).state == "secured"
    first, second = people(market)
    with pytest.raises(GuaranteeInUse) as refused:
        reduce_guarantee(actor=first, guarantee=guarantee.public_id, amount_minor=21_999, reason="x")
    assert refused.value.fields["used_minor"] == 22_000
    for amount_minor, reason in ((50_000, "x"), (-1, "x"), (40_000, " ")):
        with pytest.raises(FieldInvalid):
            reduce_guarantee(
                actor=first, guarantee=guarantee.public_id, amount_minor=amount_minor, reason=reason
            )
    with pytest.raises(Missing):
        reduce_guarantee(actor=first, guarantee="gua_none", amount_minor=0, reason="x")
    with pytest.raises(Forbidden):
        reduce_guarantee(
            actor=actor_for(market.party("city")), guarantee=guarantee.public_id, amount_minor=0, reason="x"
        )
    assert GuaranteeReduction.objects.count() == 0
    assert reduce(market, guarantee, 22_000).amount_minor == 22_000
    assert factories.conclude(market, "city", "seller", 1).state == "concluded"
    assert (used(guarantee), second.identifier) == (22_000, GuaranteeReduction.objects.get().decided_by)
    assert broken() == {}


def test_an_unused_guarantee_is_withdrawn(market):
    guarantee = register(market, "city", 50_000)
    assert reduce(market, guarantee, 0).amount_minor == 0
    assert factories.conclude(market, "city", "seller", 1_000).state == "concluded"
    assert broken() == {}


def test_a_document_is_registered_once(market):
    """Whoever shows the same paper twice, to the same people or in another order, has one guarantee."""
    paper = register(market, "city", 50_000).document_sha256
    first, second = people(market)
    for actor in (second, first):
        with pytest.raises(FieldInvalid) as refused_field:
            register_guarantee(actor=actor, **terms(market, "city", 50_000, document_sha256=paper))
        assert refused_field.value.name == "document_sha256"
    assert (Guarantee.objects.count(), broken()) == (1, {})


def test_guarantees_over_http(market):
    operator, city, stranger = (
        client_of(organisation) for organisation in (market.operator, market.party("city"), market.party("x"))
    )
    stated = terms(market, "city", 50_000)
    body = stated | {name: stated[name].isoformat() for name in ("valid_from", "expires_at")}
    assert city.post("/api/v1/guarantees/", body, format="json").status_code == 403
    asked = operator.post("/api/v1/guarantees/", body, format="json")
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    wrong = operator.post("/api/v1/guarantees/", body | {"document_sha256": "x"}, format="json")
    assert wrong.status_code == 422
    for field, far in (("expires_at", "9999-12-31T23:59:59Z"), ("valid_from", "0001-01-01T00:00:00Z")):
        wrong = operator.post("/api/v1/guarantees/", body | {field: far}, format="json")
        assert (wrong.status_code, [error["field"] for error in wrong.json()["errors"]]) == (422, [field])
    _, second = people(market)
    made = register_guarantee(actor=second, **stated)
    path = f"/api/v1/guarantees/{made.public_id}/"
    assert city.get(path).json()["amount_minor"] == 50_000
    assert [row["id"] for row in city.get("/api/v1/guarantees/").json()["results"]] == [made.public_id]
    assert operator.get(path).json()["organisation"] == market.party("city").public_id
    assert (stranger.get(path).status_code, stranger.get("/api/v1/guarantees/").json()["results"]) == (
        404,
        [],
    )
    for client, status in ((city, 403), (stranger, 403), (operator, 409)):
        answer = client.post(f"{path}reduce/", {"amount_minor": 0, "reason": "終了"}, format="json")
        assert answer.status_code == status
    assert Guarantee.objects.get().amount_minor == 50_000


def test_the_operator_reads_its_exposure(market):
    register(market, "city", 50_000)
    limit(market, "town", 30_000, 20_000)
    factories.conclude(market, "city", "seller", 20_000)
    billed = factories.accept(factories.conclude(market, "town", "seller", 10_000))
    assert billed.state == "secured"
    operator, city = client_of(market.operator), client_of(market.party("city"))
    assert city.get("/api/v1/guarantee-exposures/").status_code == 403
    read = operator.get("/api/v1/guarantee-exposures/").json()
    names = ("limit_minor", "used_minor", "deposit_minor", "billed_minor", "overdue_minor", "expired_minor")
    figures = {row["organisation"]: [row[name] for name in names] for row in read["participants"]}
    assert figures == {
        market.party("city").public_id: [50_000, 22_000, 0, 0, 0, 0],
        market.party("town").public_id: [30_000, 11_000, 11_000, 11_000, 0, 0],
    }
    assert [[row[name] for name in names] for row in read["totals"]] == [
        [80_000, 33_000, 11_000, 11_000, 0, 0]
    ]
    assert (set(read["labels"]), set(read["labels"]["used_minor"])) == (set(names), {"ja", "en"})
