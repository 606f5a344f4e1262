"""Commissioned work is classed at each proposal; what the laws demand is in the plan, the text and the event, or refused by name."""

from __future__ import annotations

import json

import pytest

from contracts import services
from contracts.commissions.paper import written_terms_of
from contracts.plan import read_plan
from contracts.queries import contract_of
from contracts.terms import parse_terms
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.canonical import canonical_json, digest_of
from marketplace.kernel.errors import FieldInvalid
from tests.contracts import factories
from tests.contracts.raw import forced
from tests.contracts.raw import refused as refused_by_database
from tests.contracts.refusals import refused
from tests.contracts.signing.test_signature_guards import drawn
from tests.contracts.test_invariants import breaches
from tests.participants.factories import client_of

from .commissioned import LARGE, SMALL, commission, protected, state_size

pytestmark = pytest.mark.django_db


def test_what_a_law_protects_is_signed_and_told_to_clearing(market):
    protected(market)
    agreement = factories.agreement(market, commission=commission(holiday_shift=True))
    said = agreement.instrument.said
    assert said["plan"]["commission"] == {"laws": ["toriteki"], "payment_days": 60, "holiday_shift": True}
    assert read_plan(said["plan"]).as_dict() == said["plan"]
    assert parse_terms(said["terms"]).as_dict() == said["terms"]
    assert said["terms"]["commission"]["sizes"]["seller"]["employees"] == 4
    assert [row["applies"] for row in said["terms"]["commission"]["findings"]] == [True, False]
    for text, words in (
        (agreement.instrument.text_ja, ("## 委託による成果物", "取適法）：適用あり", "受領の日を1日目として60日以内")),
        (agreement.instrument.text_en, ("## Commissioned work", "applies: the capital", "within 60 days of which")),
    ):  # fmt: skip
        for part in words:
            assert part in text
    (event,) = factories.events("agreement.concluded")
    assert (event["commissioned"], event["holiday_shift"]) == (True, True)
    assert breaches("plan_of_terms") == 0


def test_where_no_law_applies_the_plan_says_nothing_of_it(market):
    state_size(market, "buyer", SMALL)
    state_size(market, "seller", LARGE)
    agreement = factories.agreement(market, commission=commission())
    assert "commission" not in agreement.instrument.said["plan"]
    assert "適用なし" in agreement.instrument.text_ja
    (event,) = factories.events("agreement.concluded")
    assert (event["commissioned"], event["holiday_shift"]) == (False, False)


def test_while_a_size_is_not_stated_nobody_accepts_or_signs(market):
    requested = factories.requested(market, commission=commission())
    client = client_of(market.organisation("seller"))
    shown = client.get(f"/api/v1/negotiations/{requested.public_id}/plan/").json()
    assert shown["refusal"]["field"] == "terms.commission"
    assert "seller.employees" in shown["refusal"]["detail"]["en"]
    assert shown["plan"]["commission"]["laws"] == ["toriteki", "freelance"]
    with refused(FieldInvalid, name="terms.commission"):
        services.sign(actor=market.seller, negotiation=requested.public_id)
    protected(market)
    with refused(FieldInvalid):
        services.sign(actor=market.seller, negotiation=requested.public_id)
    services.make_offer(actor=market.seller, negotiation=requested.public_id)
    services.accept_offer(actor=market.buyer, negotiation=requested.public_id)
    services.sign(actor=market.seller, negotiation=requested.public_id)
    services.sign(actor=market.buyer, negotiation=requested.public_id)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"inspection_days": 46}, "terms.inspection_days"),
        ({"charging": {"kind": "instalment", "charges": 2, "period_months": 1}}, "terms.charging.kind"),
        ({"ending": {"convenience_notice_days": 30, "refund": "pro_rata"}}, "terms.ending.refund"),
        ({"funding_days": 30}, "terms.funding_days"),
        ({"commission": {"deliver_by": "2026-01-01"}}, "terms.commission.deliver_by"),
        ({"commission": {"deliver_by": "soon"}}, "terms.commission.deliver_by"),
        ({"commission": {"deliver_by": "9999-12-31"}}, "terms.commission.deliver_by"),
        ({"commission": {"work": "repair"}}, "terms.commission.work"),
        ({"commission": {"content": " "}}, "terms.commission.content"),
        ({"commission": {"place": ""}}, "terms.commission.place"),
        ({"commission": {"holiday_shift": 1}}, "terms.commission.holiday_shift"),
        ({"commission": {"findings": []}}, "terms.commission"),
    ],
)
def test_what_cannot_keep_the_law_is_refused_by_name(market, terms, field):
    protected(market)
    stated = {**terms, "commission": commission(**terms.get("commission", {}))}
    with refused(FieldInvalid, name=field):
        factories.requested(market, **stated)


def test_over_http_a_proposal_states_it_and_both_read_what_changed(market):
    protected(market)
    buyer = client_of(market.organisation("buyer"))
    answer = buyer.post(
        "/api/v1/negotiations/",
        {"listing": market.listing, "reference": "C-1", "terms": {"commission": commission()}},
        format="json",
    )
    assert answer.status_code == 201, answer.json()
    seller = client_of(market.organisation("seller"))
    path = f"/api/v1/negotiations/{answer.json()['id']}/"
    (change,) = seller.get(f"{path}rounds/").json()[0]["with_offer"]["changes"]
    assert (change["field"], change["from"]) == ("commission", None)
    assert "委託による成果物" in change["words"]["ja"]
    assert seller.post(f"{path}offer/", {"terms": {"commission": None}}, format="json").status_code == 200
    assert seller.get(f"{path}plan/").json()["plan"].get("commission") is None


def test_a_plan_that_protects_otherwise_than_its_terms_is_refused_and_named(market):
    protected(market)
    negotiation = factories.requested(market, commission=commission())
    content = json.loads(contract_of(negotiation).content)
    for plan in (
        {name: value for name, value in content["plan"].items() if name != "commission"},
        {**content["plan"], "commission": {**content["plan"]["commission"], "payment_days": 90}},
        {**content["plan"], "commission": {**content["plan"]["commission"], "holiday_shift": True}},
    ):
        statement, parameters = drawn(negotiation, content=canonical_json({**content, "plan": plan}).decode())
        refused_by_database("carries out the terms that are signed", statement, *parameters)
    services.sign(actor=market.seller, negotiation=negotiation.public_id)
    forced(
        "UPDATE contracts_instrument SET content = replace(content, %s, %s)",
        '"payment_days":60',
        '"payment_days":61',
    )
    assert breaches("plan_of_terms") == 1


def test_the_written_terms_are_a_paper_of_what_was_signed_and_their_hash_is_recorded(market):
    protected(market)
    agreement = factories.agreement(market, commission=commission())
    paper = written_terms_of(agreement)
    record = EvidenceRecord.objects.get(kind="contracts.written_terms_given")
    assert (record.subject, record.payload["sha256"]) == (agreement.public_id, digest_of(paper))
    assert written_terms_of(agreement) == paper
    facts = {fact["name"]: fact["text"] for fact in paper["facts"] if fact["text"]}
    assert facts["content"]["ja"] == commission()["content"]
    assert (facts["place"]["ja"], facts["inspection"]["ja"]) == ("本市場による提供", "受領の翌日から7日間")
    assert paper["price"]["gross_minor"] == 110_000
    assert (paper["issuer"]["name"]["ja"], paper["addressee"]["name"]["ja"]) == (
        "組織利用",
        "組織提供",
    )
    path = f"/api/v1/agreements/{agreement.public_id}/papers/written-terms/"
    seller = client_of(market.organisation("seller"))
    assert seller.get(path).json()["title"]["ja"] == "委託内容の明示書面"
    assert seller.get(f"{path}document.pdf/").content.startswith(b"%PDF-")
    plain = factories.agreement(market)
    assert seller.get(f"/api/v1/agreements/{plain.public_id}/papers/written-terms/").status_code == 404
    assert EvidenceRecord.objects.filter(kind="contracts.written_terms_given").count() == 1
