"""Publishing clauses and templates made of them."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import services as contracting
from contracts.library import services
from contracts.library.errors import TemplateNotInForce
from contracts.library.facts import offer_facts
from contracts.library.models import Clause, Template
from contracts.library.parameters import check_parameters, check_values, words_of
from contracts.library.queries import latest_template
from contracts.queries import contract_of
from listings import services as listings
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Missing, PermissionNeeded
from tests.participants import factories as people

from .. import factories, library
from ..refusals import refused

pytestmark = pytest.mark.django_db

NAMED = {"ja": "題", "en": "Title"}
PLAIN = {"heading": NAMED, "text": {"ja": "文。", "en": "Text."}}


@pytest.fixture
def market():
    return factories.market()


def publish(code: str, /, **changes: Any) -> Clause:
    return services.publish_clause(actor=SYSTEM, **{"code": code, **PLAIN, **changes})


def template(*clauses: Any, **changes: Any) -> Template:
    stated = [each if isinstance(each, dict) else {"clause": each} for each in clauses]
    return services.publish_template(
        actor=SYSTEM, **{"code": "t", "title": NAMED, "clauses": stated, **changes}
    )


def test_the_market_comes_with_clauses_and_templates():
    made = services.publish_standard_library()
    assert [(row.code, row.version, row.contract_type) for row in made] == [
        ("data-provision", 1, "data_provision"),
        ("data-creation", 1, "data_creation"),
        ("data-sharing", 1, "data_sharing"),
        ("trial", 1, "data_provision"),
        ("open-data", 1, "data_provision"),
    ]
    counts = (Clause.objects.count(), Template.objects.count())
    assert services.publish_standard_library() == made
    assert (Clause.objects.count(), Template.objects.count()) == counts
    record = EvidenceRecord.objects.get(subject=made[0].public_id)
    assert record.payload == {
        "code": "data-provision", "version": 1, "digest": made[0].digest, "first_person": "",
    }  # fmt: skip


def test_what_is_unchanged_is_not_published_again_and_templates_keep_their_versions():
    first = publish("a")
    made = template("a")
    assert publish("a") == first
    second = publish("a", text={"ja": "新文。", "en": "New text."})
    assert (second.version, made.clauses[0]["version"]) == (2, 1)
    assert template("a").version == 2
    assert template({"clause": "a", "version": 1}).version == 3
    assert latest_template("t").clauses[0]["text"] == PLAIN["text"]
    with pytest.raises(Missing):
        latest_template("unheard-of")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "No Code"}, "code"),
        ({"heading": {"ja": "題"}}, "heading"),
        ({"requires": ["No Code"]}, "requires"),
        ({"requires": ["b"], "excludes": ["b"]}, "excludes"),
        ({"excludes": ["a"]}, "excludes"),
        ({"demands": [{"term": "rights.purposes", "in": ["commercial"]}]}, "demands.1.term"),
        ({"demands": [{"term": "price_minor"}]}, "demands.1"),
        ({"demands": [{"term": "price_minor", "in": [1.5]}]}, "demands.1.in"),
        ({"demands": [{"term": "price_minor", "in": [10**30]}]}, "demands.1.in"),
        ({"parameters": [{"name": "price", "type": "day", "label": NAMED}]}, "parameters.1.name"),
    ],
)
def test_a_faulty_clause_is_refused_by_name(changes, field):
    with refused(FieldInvalid, name=field):
        publish("a", **changes)


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"code": "No Code"}, "code"),
        ({"contract_type": "marriage"}, "contract_type"),
        ({"title": {"ja": "契約書"}}, "title"),
        ({"clauses": []}, "clauses"),
        ({"clauses": [{"clause": "a"}, {"clause": "a"}]}, "clauses.2"),
        ({"clauses": [{"clause": "needs-a"}]}, "clauses.1"),
        ({"clauses": [{"clause": "a"}, {"clause": "not-a"}]}, "clauses.1"),
        ({"clauses": [{"clause": "unheard-of"}]}, "clauses.1.clause"),
        ({"clauses": [{"clause": "a", "version": 2}]}, "clauses.1.clause"),
        ({"clauses": [{"clause": "a", "values": {"x": 1}}]}, "clauses.1.values.x"),
        ({"clauses": [{"clause": "typed"}]}, "clauses.1.values.days"),
        ({"clauses": [{"clause": "typed", "values": {"days": 31}}]}, "clauses.1.values.days"),
    ],
)
def test_a_faulty_template_is_refused_by_name(stated, field):
    days = {"name": "days", "type": "number", "label": NAMED, "lowest": 1, "highest": 30}
    publish("a")
    publish("needs-a", text={"ja": "{article:a}", "en": "{article:a}"})
    publish("not-a", excludes=["a"])
    publish("typed", text={"ja": "{days}", "en": "{days}"}, parameters=[days])
    with refused(FieldInvalid, name=field):
        template("a", **stated)


def test_a_clause_requires_the_articles_that_it_names():
    assert publish("b", text={"ja": "{article:a}", "en": "{article:a}"}, requires=["c"]).requires == [
        "a",
        "c",
    ]


@pytest.mark.parametrize(
    ("declared", "value", "ja", "en"),
    [
        ({"type": "number", "lowest": 0, "highest": 999, "decimals": 2}, 350, "3.5", "3.5"),
        ({"type": "number", "lowest": 0, "highest": 999}, 100, "100", "100"),
        ({"type": "day"}, "2026-04-01", "2026年4月1日", "1 April 2026"),
        ({"type": "text", "length_max": 9}, {"ja": "東京", "en": "Tokyo"}, "東京", "Tokyo"),
        (
            {"type": "choice", "options": [{"code": "x", "label": {"ja": "甲", "en": "A"}}, {"code": "y", "label": NAMED}]},
            "x", "甲", "A",
        ),
    ],
)  # fmt: skip
def test_a_value_is_stated_in_both_languages(declared, value, ja, en):
    (kept,) = check_parameters("parameters", [{"name": "p", "label": NAMED, **declared}])
    assert check_values("values", [kept], {"p": value}) == {"p": value}
    assert (words_of(kept, value, "ja"), words_of(kept, value, "en")) == (ja, en)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ({"type": "number", "lowest": 1, "highest": 9}, 0),
        ({"type": "number", "lowest": 1, "highest": 9}, True),
        ({"type": "day"}, "2026-02-30"),
        ({"type": "text", "length_max": 3}, {"ja": "東京", "en": "Tokyo"}),
        ({"type": "text", "length_max": 9}, {"ja": "{price}", "en": "x"}),
        ({"type": "choice", "options": [{"code": "x", "label": NAMED}, {"code": "y", "label": NAMED}]}, "z"),
    ],
)
def test_a_value_outside_its_type_is_refused_by_name(declared, value):
    kept = check_parameters("parameters", [{"name": "p", "label": NAMED, **declared}])
    with pytest.raises(FieldInvalid) as refusal:
        check_values("values", kept, {"p": value})
    assert refusal.value.name.startswith("values.p")


def test_only_two_people_of_the_operator_publish(market):
    participant = people.actor_for(people.organisation())
    with refused(PermissionNeeded, permission="rulebook:write"):
        services.publish_clause(actor=participant, code="a", **PLAIN)
    with pytest.raises(SecondPersonNeeded):
        services.publish_clause(actor=market.operator, code="a", **PLAIN)
    second = people.actor_for(market.organisation("operator"), "usr_second")
    with pytest.raises(SecondPersonNeeded):
        services.publish_clause(actor=second, code="a", **PLAIN, survives=True)
    made = services.publish_clause(actor=second, code="a", **PLAIN)
    assert (made.first_person, made.published_by) == (market.operator.identifier, second.identifier)
    stated = {"code": "t", "title": NAMED, "clauses": [{"clause": "a"}]}
    with pytest.raises(SecondPersonNeeded):
        services.publish_template(actor=second, **stated)
    assert services.publish_template(actor=market.operator, **stated).version == 1


def test_what_the_operator_published_is_left_to_it(market):
    second = people.actor_for(market.organisation("operator"), "usr_second")
    for actor in (market.operator, second):
        try:
            own = services.publish_clause(actor=actor, code="notices", **PLAIN)
        except SecondPersonNeeded:
            continue
    services.publish_standard_library()
    assert Clause.objects.filter(code="notices").latest("version") == own


def offered(market: factories.Market, **offer: Any) -> str:
    return factories.listing(market.seller, f"L-{factories.reference()}", **offer)


@pytest.mark.parametrize(
    ("changes", "rights", "field"),
    [
        ({"retired": True}, {}, "offer.template"),
        ({"segments": ["environment"]}, {}, "offer.template"),
        ({}, {"delete_at_end": False}, "offer.rights.delete_at_end"),
        ({"segments": ["mobility", "environment"]}, {}, None),
    ],
)
def test_an_offer_is_published_with_a_template_in_force_that_agrees_with_it(market, changes, rights, field):
    people.segment("environment")
    publish("incidents-kept", demands=[{"term": "rights.delete_at_end", "in": [True]}])
    template("incidents-kept", **changes)
    offer = {"template": "t", "rights": {**factories.RIGHTS, **rights}}
    if field is None:
        assert contracting.request_negotiation(
            actor=market.buyer, listing=offered(market, **offer), reference="PO-T"
        ).template == latest_template("t")
        return
    with pytest.raises(FieldInvalid) as refusal:
        offered(market, **offer)
    assert refusal.value.name == field
    if rights:
        assert "incidents-kept" in refusal.value.fields["reason"].en


def test_what_changed_while_the_version_waited_refuses_it_and_says_so(market):
    publish("a")
    template("a")
    listing = listings.create_listing(
        actor=market.seller, reference="L-W", segment="mobility", title=NAMED, description=NAMED, keywords=[], source={},
        personal_data_class="none",
    )  # fmt: skip
    version = listings.add_version(
        actor=market.seller,
        listing=listing.public_id,
        files=[listings.UploadedData("a.csv", "text/csv", b"a\n1\n")],
        offer={**factories.OFFER, "template": "t"},
    )
    listings.submit_version(actor=market.seller, listing_version=version.public_id)
    template("a", retired=True)
    judged = listings.judge_version(listing_version=version.public_id)
    assert judged.state == "refused"
    assert "offer.template" in judged.decision_reason
    assert "廃止" in judged.decision_reason


def test_no_negotiation_begins_once_the_template_is_retired(market):
    publish("a")
    template("a")
    listing = offered(market, template="t")
    template("a", retired=True)
    with refused(TemplateNotInForce, template="t", segment="mobility"):
        contracting.request_negotiation(actor=market.buyer, listing=listing, reference="PO-R")


def test_an_offer_states_whether_notice_ends_the_contract(market):
    ending = {"convenience_notice_days": 30, "refund": "pro_rata"}
    negotiation = contracting.request_negotiation(
        actor=market.buyer, listing=offered(market, ending=ending), reference="PO-E"
    )
    assert negotiation.proposals.get().terms["ending"] == ending
    assert "30日前まで" in contract_of(negotiation).text_ja
    with pytest.raises(FieldInvalid) as refusal:
        offered(market, ending={"convenience_notice_days": 0})
    assert refusal.value.name == "offer.ending.convenience_notice_days"
    with pytest.raises(FieldInvalid) as refusal:
        charging = {"kind": "instalment", "charges": 2, "period_months": 1}
        offered(market, ending=ending, charging=charging, rights={**factories.RIGHTS, "duration": "P2Y"})
    assert refusal.value.name == "offer.ending.refund"


def test_the_rules_know_the_clauses_of_an_offer(market):
    version = contracting.request_negotiation(
        actor=market.buyer, listing=market.listing, reference="PO-F"
    ).listing_version
    facts = offer_facts(version)
    assert facts["template"] == "data-provision"
    assert {"liability", "incidents"} <= set(facts["clauses"])
    assert library.standard() == market.template
