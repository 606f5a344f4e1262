"""Contracts over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts import queries
from contracts.library.views import CLAUSE_EXAMPLE, TEMPLATE_EXAMPLE
from contracts.models import Adjustment, Agreement, Dispute, Instrument, Negotiation
from marketplace.kernel import clock
from marketplace.kernel.canonical import sha256_hex
from marketplace.participants.models import User
from tests.access.factories import open_over_http
from tests.participants import factories as people
from tests.roles import unguarded

from . import factories, library

BASE = "/api/v1"
SIGN_QUERIES_MAX = 40
"""Two of them are the idempotency record, which a signature needs because it promises money."""


@pytest.fixture
def clients(market) -> dict[str, Any]:
    """An API client for each of the market's organisations."""
    return {name: people.client_of(row) for name, row in market.organisations.items()}


def body(market, **changes: Any) -> dict[str, Any]:
    return {"listing": market.listing, "reference": factories.reference(), **changes}


def contract(client, negotiation: str) -> dict[str, Any]:
    return client.get(f"{BASE}/negotiations/{negotiation}/contract/").json()


def sign(client, negotiation: str) -> Any:
    signed_hash = contract(client, negotiation)["signed_hash"]
    return client.post(f"{BASE}/negotiations/{negotiation}/sign/", {"signed_hash": signed_hash})


def test_a_contract_is_negotiated_and_signed(market, clients):
    made = clients["buyer"].post(f"{BASE}/negotiations/", body(market, terms={"price_minor": 80_000}))
    assert made.status_code == 201, made.json()
    negotiation = made.json()["id"]
    path = f"{BASE}/negotiations/{negotiation}"
    assert (made.json()["state"], made.json()["waits_for"]) == ("requested", "seller")
    assert made.json()["state_label"] == {"ja": "利用者から申入れ", "en": "requested by the buyer"}
    offer = clients["seller"].post(f"{path}/offer/", {"terms": {"price_minor": 95_000}, "note": "この価格で"})
    assert (offer.status_code, offer.json()["state"]) == (200, "offered")
    counter = clients["buyer"].post(f"{path}/counter/", {"terms": {"price_minor": 90_000}})
    assert counter.json()["state"] == "requested"
    assert clients["seller"].post(f"{path}/offer/", {}).json()["state"] == "offered"
    assert clients["buyer"].post(f"{path}/accept/").json()["state"] == "accepted"
    signed = sign(clients["seller"], negotiation)
    assert (signed.status_code, signed.json()["state"]) == (200, "agreed")
    assert signed.json()["signatures"][0]["method"] == "market_side"
    assert signed.json()["signatures"][0]["method_label"]["ja"].startswith("立会人型電子署名")
    concluded = sign(clients["buyer"], negotiation).json()
    assert (concluded["state"], concluded["waits_for"]) == ("finalized", None)
    assert [proposal["terms"]["price_minor"] for proposal in concluded["proposals"]] == [
        80_000,
        95_000,
        90_000,
        90_000,
    ]
    agreement = clients["seller"].get(f"{BASE}/agreements/{concluded['agreement']}/").json()
    assert (agreement["price_minor"], agreement["state"]) == (90_000, "in_force")
    assert agreement["buyer"] == market.buyer.organisation
    assert [row["party"] for row in agreement["signatures"]] == ["seller", "buyer"]
    assert agreement["policy"]["@type"] == "Agreement"


def test_a_conclusion_takes_few_queries(market, clients, django_assert_max_num_queries):
    contract_signed = [factories.agreed(market) for _ in range(2)]
    answer = sign(clients["buyer"], contract_signed[0].public_id)
    body_signed = {"signed_hash": contract(clients["buyer"], contract_signed[1].public_id)["signed_hash"]}
    path = f"{BASE}/negotiations/{contract_signed[1].public_id}/sign/"
    with django_assert_max_num_queries(SIGN_QUERIES_MAX):
        answer = clients["buyer"].post(path, body_signed)
    assert (answer.status_code, answer.json()["state"]) == (200, "finalized")


@pytest.mark.parametrize("party", ["seller", "buyer"])
def test_who_signs_is_shown_the_negotiation_as_it_stands(market, clients, party):
    negotiation = factories.agreed(market) if party == "buyer" else factories.requested(market)
    answer = sign(clients[party], negotiation.public_id)
    assert answer.json() == clients[party].get(f"{BASE}/negotiations/{negotiation.public_id}/").json()
    assert [row["party"] for row in answer.json()["signatures"]] == ["seller", "buyer"][
        : 1 + (party == "buyer")
    ]


@pytest.mark.parametrize(
    ("collection", "rows_read"), [("agreements", "instrument"), ("negotiations", "template")]
)
def test_lists_leave_out_the_long_texts(market, clients, collection, rows_read):
    factories.finalized(market)
    with CaptureQueriesContext(connection) as captured:
        assert len(clients["buyer"].get(f"{BASE}/{collection}/").json()["results"]) == 1
    read = " ".join(query["sql"] for query in captured)
    assert f"contracts_{rows_read}" in read
    assert not {'"text_ja"', '"text_en"', '"clauses"'} & set(read.replace(".", " ").replace(",", " ").split())


def test_a_party_reads_what_it_signs(market, clients):
    negotiation = factories.requested(market).public_id
    draft = contract(clients["seller"], negotiation)
    assert sha256_hex(draft["canonical"].encode()) == draft["signed_hash"]
    assert sha256_hex(draft["text"]["ja"].encode()) == draft["content"]["text"]["ja"]
    assert contract(clients["buyer"], negotiation) == draft
    assert Instrument.objects.count() == 0
    other = clients["seller"].post(f"{BASE}/negotiations/{negotiation}/sign/", {"signed_hash": "0" * 64})
    assert (other.status_code, other.json()["code"]) == (409, "signed_something_else")
    assert other.json()["signed_hash"] == draft["signed_hash"]
    for nothing in ({}, {"signed_hash": "x"}, {"signed_hash": draft["signed_hash"], "extra": 1}):
        answer = clients["seller"].post(f"{BASE}/negotiations/{negotiation}/sign/", nothing)
        assert answer.status_code == 422
    assert Instrument.objects.count() == 0
    sign(clients["seller"], negotiation)
    assert contract(clients["buyer"], negotiation) == draft


def test_a_request_is_made_once_a_key(market, clients):
    request = body(market)
    first = clients["buyer"].post(f"{BASE}/negotiations/", request, HTTP_IDEMPOTENCY_KEY="k-1")
    again = clients["buyer"].post(f"{BASE}/negotiations/", request, HTTP_IDEMPOTENCY_KEY="k-1")
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    taken = clients["buyer"].post(f"{BASE}/negotiations/", request)
    assert (taken.status_code, taken.json()["code"]) == (409, "reference_taken")
    assert taken.json()["errors"][0]["field"] == "reference"
    assert Negotiation.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"colour": "red"}, 422, "colour"),
        ({"terms": {"colour": "red"}}, 422, "terms.colour"),
        ({"terms": {"price_minor": "many"}}, 422, "terms.price_minor"),
        ({"terms": {"rights": {"purposes": ["war"]}}}, 422, "terms.rights.purposes"),
        ({"reference": ""}, 422, "reference"),
        ({"reference": " PO"}, 422, "reference"),
    ],
)
def test_a_faulty_request_is_refused_by_field(market, clients, changes, status, field):
    answer = clients["buyer"].post(f"{BASE}/negotiations/", body(market, **changes))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field), answer.json()
    assert Negotiation.objects.count() == 0


def test_a_refused_conclusion_gives_its_reasons(market, clients):
    negotiation = factories.agreed(market, price_minor=factories.HOLD_ABOVE_MINOR + 1).public_id
    answer = sign(clients["buyer"], negotiation)
    assert (answer.status_code, answer.json()["code"]) == (409, "conclusion_held")
    assert answer.json()["outcome"] == "hold"
    assert "CON-3" in [reason["rule"] for reason in answer.json()["reasons"]]
    assert Agreement.objects.count() == 0


def test_refusals_speak_the_reader_s_language(market, clients):
    negotiation = factories.requested(market).public_id
    path = f"{BASE}/negotiations/{negotiation}/accept/"
    japanese = clients["buyer"].post(path, HTTP_ACCEPT_LANGUAGE="ja")
    assert (japanese.status_code, japanese.json()["code"]) == (409, "illegal_transition")
    assert "実行できません" in japanese.json()["detail"]


def test_either_party_ends_a_negotiation(market, clients):
    path = f"{BASE}/negotiations/{factories.requested(market).public_id}/terminate/"
    answer = clients["seller"].post(path, {"reason_code": "no_longer_sold", "reason": "販売終了"})
    assert (answer.status_code, answer.json()["state"]) == (200, "terminated")
    assert (answer.json()["ended_by"], answer.json()["end_reason_code"]) == ("seller", "no_longer_sold")
    assert clients["seller"].post(path).status_code == 409


def everything_of(market) -> dict[str, str]:
    """One of everything, by the name of its collection."""
    dispute, adjustment = factories.dispute(market), factories.adjustment(market)
    return {
        "negotiations": factories.requested(market).public_id,
        "agreements": dispute.agreement.public_id,
        "disputes": dispute.public_id,
        "adjustments": adjustment.public_id,
        "endings": factories.ending(market).public_id,
        "deletion-duties": factories.deletion(market).public_id,
    }


READS = {
    "negotiations": ("", "contract/"),
    "agreements": (
        "",
        "contract/",
        "verification/",
        "document.pdf/",
        "document.html/",
        "document.txt/",
        "bundle/",
    ),
    "disputes": ("",),
    "adjustments": ("",),
    "endings": ("",),
    "deletion-duties": ("",),
}
COMMANDS = {
    "negotiations": {
        "offer": {},
        "counter": {},
        "accept": {},
        "sign": {"signed_hash": "0" * 64},
        "terminate": {},
    },
    "agreements": {"adjust-price": {"debtor": "x", "amount_minor": 1, "reason": "x"}},
    "disputes": {"resolve": {"outcome": "dismissed", "reason": "x"}},
    "deletion-duties": {"certify": {"deleted_on": "2026-01-31", "statement": "x"}},
    "endings": {"accept": {"digest": "0" * 64}, "refuse": {}, "withdraw": {}},
}


def test_a_third_party_finds_nothing_by_any_route(market, clients):
    made = everything_of(market)
    open_over_http(clients["operator"], market.organisation("buyer"), "trades")
    for collection, identifier in made.items():
        clients["operator"].get(f"{BASE}/{collection}/{identifier}/")
    # A document is sealed when somebody first reads it, which evidence states.
    clients["buyer"].get(f"{BASE}/agreements/{made['agreements']}/bundle/")
    before = factories.everything()
    for collection, identifier in made.items():
        assert clients["stranger"].get(f"{BASE}/{collection}/").json()["results"] == []
        for read in READS[collection]:
            path = f"{BASE}/{collection}/{identifier}/{read}"
            assert clients["stranger"].get(path).status_code == 404, path
            for who in ("buyer", "seller", "operator"):
                assert clients[who].get(path).status_code == 200, path
        for command, data in COMMANDS.get(collection, {}).items():
            answer = clients["stranger"].post(f"{BASE}/{collection}/{identifier}/{command}/", data)
            assert answer.status_code == (
                404 if collection in ("negotiations", "endings", "deletion-duties") else 403
            ), command
    assert factories.everything() == before


def test_without_a_token_only_clauses_and_templates_are_read(api, market):
    for collection in READS:
        assert api.get(f"{BASE}/{collection}/").status_code == 401
    listed = api.get(f"{BASE}/contract-templates/").json()["results"]
    assert [(row["code"], row["version"]) for row in listed] == [("data-provision", 1)]
    assert listed[0]["contract_type_label"] == {"ja": "データ提供型", "en": "data provision"}
    assert len(api.get(f"{BASE}/contract-templates/{listed[0]['id']}/").json()["clauses"]) == 31
    clauses = api.get(f"{BASE}/contract-clauses/?code=late-interest").json()["results"]
    assert [(row["code"], row["parameters"][0]["default"]) for row in clauses] == [("late-interest", 300)]


def test_a_reading_token_does_not_write(market):
    reader = people.client_of(market.organisation("buyer"), roles=("auditor",))
    assert reader.post(f"{BASE}/negotiations/", body(market)).status_code == 403
    assert Negotiation.objects.count() == 0


def test_two_people_of_the_operator_publish_clauses_and_templates(api, market, clients):
    second = people.client_of(market.organisation("operator"))
    for path, example, faulty, field in (
        ("contract-clauses", CLAUSE_EXAMPLE, {"text": {"ja": "{x}", "en": "{x}"}}, "text.ja"),
        ("contract-templates", TEMPLATE_EXAMPLE, {"clauses": [{"clause": "unheard-of"}]}, "clauses.1.clause"),
    ):
        path = f"{BASE}/{path}/"
        assert api.post(path, example).status_code == 401
        assert clients["seller"].post(path, example).status_code == 403
        refusal = clients["operator"].post(path, {**example, **faulty})
        assert (refusal.status_code, refusal.json()["errors"][0]["field"]) == (422, field)
        asked = clients["operator"].post(path, example)
        assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
        made = second.post(path, example)
        assert (made.status_code, made.json()["version"]) == (201, 1), made.content
    (support,) = api.get(f"{BASE}/contract-clauses/?code=support").json()["results"]
    assert support["requires"] == ["definitions"]


def test_documents_are_read_in_both_languages(market, clients):
    agreement = factories.agreement(market)
    path = f"{BASE}/agreements/{agreement.public_id}"
    pdf = clients["buyer"].get(f"{path}/document.pdf/", HTTP_ACCEPT="application/pdf")
    assert (pdf.status_code, pdf["Content-Type"]) == (200, "application/pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert f"{agreement.public_id}.ja.pdf" in pdf["Content-Disposition"]
    page = clients["seller"].get(f"{path}/document.html/?language=en", HTTP_ACCEPT="text/html")
    assert (page.status_code, page["Content-Language"]) == (200, "en")
    assert page["Content-Type"].startswith("text/html")
    assert "Data Provision Agreement" in page.content.decode()
    asked_for_json = clients["seller"].get(f"{path}/document.pdf/", HTTP_ACCEPT="application/json")
    assert (asked_for_json.status_code, asked_for_json.content) == (200, pdf.content)
    for language in ("ja", "en"):
        text = clients["seller"].get(f"{path}/document.txt/?language={language}")
        assert sha256_hex(text.content) == agreement.instrument.said["text"][language]
    for suffix in ("pdf", "html", "txt"):
        refusal = clients["buyer"].get(f"{path}/document.{suffix}/?language=fr")
        assert (refusal.status_code, refusal["Content-Type"]) == (422, "application/problem+json")
        assert refusal.json()["code"] == "document_language_unknown"


def test_an_agreement_is_verified_on_request(market, clients):
    agreement = factories.agreement(market)
    answer = clients["buyer"].get(f"{BASE}/agreements/{agreement.public_id}/verification/").json()
    shown = answer.pop("signatures")
    assert [(row["party"], row["method"], row["key"]) for row in shown] == [
        ("seller", "market_side", None),
        ("buyer", "market_side", None),
    ]
    assert answer == {
        "agreement": agreement.public_id,
        "signed_hash": agreement.signed_hash,
        "verified": True,
        "faults": [],
        "renewal": None,
    }
    with unguarded("contracts_signature"), connection.cursor() as cursor:
        cursor.execute("UPDATE contracts_signature SET signer = 'somebody_else' WHERE party = 'buyer'")
    answer = clients["buyer"].get(f"{BASE}/agreements/{agreement.public_id}/verification/").json()
    assert (answer["verified"], answer["faults"]) == (
        False,
        ["the signature of the buyer is over something else"],
    )


def test_the_operator_rules_on_disputes(market, clients):
    dispute = factories.dispute(market).public_id
    path = f"{BASE}/disputes/{dispute}/resolve/"
    ruling = {"outcome": "redelivery", "reason": "欠落を確認"}
    factories.ready(dispute, market.operator)
    person = User.objects.get(public_id=market.operator.identifier)
    clients["operator"] = people.client_of(market.organisation("operator"), person=person)
    assert clients["buyer"].post(path, ruling).status_code == 403
    assert clients["operator"].post(path, {**ruling, "outcome": "shrug"}).status_code == 422
    assert Dispute.objects.get().state == "open"
    ruled = clients["operator"].post(path, ruling)
    assert (ruled.status_code, ruled.json()["outcome"]) == (200, "redelivery")
    seen = clients["seller"].get(f"{BASE}/disputes/{dispute}/").json()
    assert (seen["state"], seen["finding"], seen["reason_label"]["ja"]) == (
        "resolved",
        "欠落を確認",
        "データの欠落",
    )
    assert seen["outcome_label"] == {"ja": "再提供", "en": "the data is delivered again"}


def test_the_operator_corrects_prices(market, clients):
    agreement = factories.agreement(market).public_id
    path = f"{BASE}/agreements/{agreement}/adjust-price/"
    order = {"debtor": market.seller.organisation, "amount_minor": 12_000, "reason": "座標が古い"}
    assert clients["buyer"].post(path, order).status_code == 403
    refusal = clients["operator"].post(path, {**order, "amount_minor": 100_001})
    assert (refusal.status_code, refusal.json()["remaining_minor"]) == (409, 100_000)
    assert Adjustment.objects.count() == 0
    made = clients["operator"].post(path, order)
    assert (made.status_code, made.json()["creditor"]) == (200, market.buyer.organisation)
    seen = clients["buyer"].get(f"{BASE}/adjustments/").json()["results"]
    assert [(row["debtor"], row["amount_minor"]) for row in seen] == [(market.seller.organisation, 12_000)]


def test_lists_are_narrowed(market, clients):
    first, second = factories.agreement(market), factories.agreement(market, price_minor=50_000)
    open_ = factories.requested(market)

    def found(collection: str, query: str) -> list[str]:
        answer = clients["buyer"].get(f"{BASE}/{collection}/?{query}")
        assert answer.status_code == 200, answer.json()
        return [row["id"] for row in answer.json()["results"]]

    assert found("negotiations", "state=requested") == [open_.public_id]
    assert found("negotiations", f"reference={open_.reference}") == [open_.public_id]
    assert found("agreements", "price_minor_min=60000") == [first.public_id]
    assert found("agreements", "price_minor_max=60000") == [second.public_id]
    assert found("agreements", f"seller={market.seller.organisation}") == [second.public_id, first.public_id]
    assert found("agreements", "concluded_before=2020-01-01T00:00:00Z") == []
    assert found("agreements", "state=terminated") == []


QUERIES = {
    "contract-templates": 2,
    "negotiations": 4,
    "agreements": 4,
    "disputes": 7,
    "adjustments": 2,
    "endings": 2,
    "deletion-duties": 2,
}


@pytest.mark.parametrize("collection", QUERIES)
@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_takes_as_many_queries_for_three_rows_as_for_one(market, clients, collection, rows):
    for number in range(rows):
        dispute = factories.dispute(market)
        factories.resolve(dispute.public_id, market.operator, outcome="dismissed", reason="根拠なし")
        factories.adjustment(market)
        factories.ending(market)
        factories.deletion(market)
        if number:
            library.published(**factories.brief_template(code=f"brief-{number}"))
    path = f"{BASE}/{collection}/"
    clients["buyer"].get(path)
    with CaptureQueriesContext(connection) as captured:
        answer = clients["buyer"].get(path)
    assert len(answer.json()["results"]) in (rows, 2 * rows, 3 * rows, 4 * rows)
    assert len(captured) == QUERIES[collection], [query["sql"] for query in captured]


def test_an_open_negotiation_shows_no_signature_yet(market, clients):
    negotiation = factories.requested(market)
    shown = clients["buyer"].get(f"{BASE}/negotiations/{negotiation.public_id}/").json()
    assert (shown["signed_hash"], shown["signatures"], shown["agreement"]) == (None, [], None)
    assert shown["respond_by"] is not None
    assert queries.negotiation_count() == 1


def test_each_round_is_compared_with_the_offer_and_the_last_round(market, clients):
    made = clients["buyer"].post(
        f"{BASE}/negotiations/", body(market, terms={"rights": {"regions": ["JP", "US"]}})
    )
    path = f"{BASE}/negotiations/{made.json()['id']}"
    clients["seller"].post(f"{path}/offer/", {"terms": {"rights": {"regions": ["JP"], "report_use": True}}})
    first, second = clients["buyer"].get(f"{path}/rounds/").json()
    assert (first["with_offer"]["rights"]["relation"], first["with_last"]) == ("wider", None)
    assert [line["to"] for line in first["with_offer"]["changes"]] == [["JP", "US"]]
    relations = [second[against]["rights"]["relation"] for against in ("with_offer", "with_last")]
    assert relations == ["narrower", "narrower"]
    fields = [line["field"] for line in second["with_last"]["changes"]]
    assert fields == ["rights.regions", "rights.report_use"]
    assert clients["stranger"].get(f"{path}/rounds/").status_code == 404


def test_a_negotiation_shows_what_each_proposal_changes(market, clients):
    made = clients["buyer"].post(f"{BASE}/negotiations/", body(market))
    path = f"{BASE}/negotiations/{made.json()['id']}"
    assert [row["changes"] for row in made.json()["proposals"]] == [None]
    terms = {"price_minor": 90_000, "rights": {"duration": "P2Y"}}
    shown = clients["seller"].post(f"{path}/offer/", {"terms": terms}).json()
    price, duration = shown["proposals"][1]["changes"]
    assert (price["from"], price["to"], price["relation"]) == (100_000, 90_000, None)
    assert price["words"]["ja"] == "対価（税抜）：¥100,000 から ¥90,000 に変更。"
    assert (duration["field"], duration["from"], duration["to"]) == ("rights.duration", "P1Y", "P2Y")
    assert duration["relation"] == "wider"
    again = clients["buyer"].post(f"{path}/counter/", {}).json()
    assert again["proposals"][2]["changes"] == []


def test_a_party_asks_what_the_agreement_permits(market, clients):
    agreement = factories.agreement(market)
    path = f"{BASE}/agreements/{agreement.public_id}/permitted-use/"
    asked = {"purpose": "research", "region": "JP"}
    told = clients["buyer"].get(path, asked).json()
    assert told["outcome"] == "permitted"
    assert [duty["action"] for duty in told["pending"]] == ["compensate", "attribute", "delete"]
    later = (agreement.concluded_at + timedelta(days=400)).isoformat()
    assert clients["seller"].get(path, {**asked, "at": later}).json()["outcome"] == "not_permitted"
    assert clients["buyer"].get(path, {"action": "sell"}).json()["rule"] == {
        "kind": "prohibition",
        "action": "sell",
    }
    assert clients["stranger"].get(path, asked).status_code == 404
    assert clients["buyer"].get(path, {"at": "soon"}).status_code == 422


def test_rights_that_contradict_themselves_are_not_proposed(market, clients):
    for rights, name in (
        ({"contract_type": "transfer"}, "onward_transfer"),
        ({"duration": "P0D"}, "duration"),
        ({"valid_until": "2020-01-01"}, "valid_until"),
    ):
        before = factories.everything()
        answer = clients["buyer"].post(f"{BASE}/negotiations/", body(market, terms={"rights": rights}))
        assert (answer.status_code, f"terms.rights.{name}" in answer.content.decode()) == (422, True)
        assert factories.everything() == before


def test_an_agreement_is_ended_over_the_api(market, clients):
    agreement = factories.agreement(market).public_id
    path = f"{BASE}/agreements/{agreement}"
    asked = {"ground": "mutual", "last_day": str(clock.today()), "refund": "pro_rata"}
    preview = clients["buyer"].get(f"{path}/ending/", asked).json()
    assert preview["consequences"]["period"]["days"] in (365, 366)
    assert "come back" in preview["words"]["en"]
    refusal = clients["buyer"].post(f"{path}/end/", {**asked, "digest": "0" * 64})
    assert (refusal.status_code, refusal.json()["code"]) == (409, "consequences_changed")
    made = clients["buyer"].post(f"{path}/end/", {**asked, "digest": preview["digest"]})
    assert (made.status_code, made.json()["state"]) == (201, "proposed")
    ending = f"{BASE}/endings/{made.json()['id']}"
    assert clients["stranger"].get(f"{ending}/").status_code == 404
    assert clients["buyer"].post(f"{ending}/accept/", {"digest": preview["digest"]}).status_code == 403
    accepted = clients["seller"].post(f"{ending}/accept/", {"digest": preview["digest"]})
    assert (accepted.status_code, accepted.json()["state"]) == (200, "scheduled")
    missing = clients["buyer"].get(f"{path}/ending/", {"ground": "mutual"})
    assert (missing.status_code, "last_day" in missing.text) == (422, True)
