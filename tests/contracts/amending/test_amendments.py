"""An agreement in force is amended: negotiated, signed by both, and followed from its day on."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from contracts import queries, services, tasks
from contracts.amending.concluding import require_signable
from contracts.amending.errors import AmendmentOpen, AmendmentOutdated
from contracts.amending.models import AgreementVersion
from contracts.amending.queries import signed_versions, version_asked, version_in_force
from contracts.amending.services import amend_agreement, end_overtaken_amendments
from contracts.amending.shown import versions_shown
from contracts.deletion.models import DeletionDuty
from contracts.document.bundle import version_files
from contracts.ending.consequences import digest_of_consequences
from contracts.ending.queries import consequences_shown
from contracts.errors import AgreementEnded, ConsequencesChanged, EndingOpen
from contracts.models import Agreement, Negotiation
from contracts.states import TerminationReason
from marketplace.kernel import clock
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.invariants import verify_all
from marketplace.notices.models import Notice
from tests.poison import RUNS, aside, poisoned

from .. import factories
from ..refusals import refused
from .conftest import JST, SUBSCRIPTION


def breaches() -> dict[str, Any]:
    """Every invariant that is broken."""
    return {name: found for name, found in verify_all("contracts").items() if found}


def at(day: date, hour: int = 0) -> None:
    clock.move_to(datetime(day.year, day.month, day.day, hour, tzinfo=JST), running=False)


def amend(
    market, agreement: Agreement, who: str = "buyer", day: str = "2027-06-30", **terms: Any
) -> Negotiation:
    """The negotiation over an amendment that a party proposes."""
    wanted = {"effective_on": day, **terms}
    return amend_agreement(actor=getattr(market, who), agreement=agreement.public_id, terms=wanted)


def signed(market, negotiation: Negotiation) -> AgreementVersion:
    """The version that both sign."""
    if negotiation.state == "offered":
        services.accept_offer(actor=market.buyer, negotiation=negotiation.public_id)
    services.sign(actor=market.seller, negotiation=negotiation.public_id)
    services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    return AgreementVersion.objects.get(negotiation=negotiation)


def field(call) -> str:
    """The field that a call is refused for."""
    before = factories.everything()
    with pytest.raises(FieldInvalid) as refusal:
        call()
    assert factories.everything() == before
    return refusal.value.name


def test_both_sign_the_next_version(market, year):
    negotiation = amend(market, year, price_minor=12_000, rights={"onward_transfer": "prohibited"})
    assert (negotiation.state, negotiation.reference, negotiation.amends) == (
        "requested",
        year.reference,
        year,
    )
    row = signed(market, negotiation)
    assert (row.number, row.kind, row.from_charge, row.effective_on) == (2, "amended", 4, date(2027, 6, 30))
    assert row.effective_at == datetime(2027, 6, 30, tzinfo=JST)
    assert row.classes["price"] == "higher"
    assert (row.classes["term"], row.ends_at) == ("same", year.ends_at)
    assert row.said["agreement"] == year.public_id
    assert row.said["amends"] == {
        "agreement": year.public_id,
        "version": 2,
        "replaces": year.signed_hash,
        "effective_on": "2027-06-30",
        "from_charge": 4,
    }
    assert "第2版" in row.instrument.text_ja
    assert year.signed_hash in row.instrument.text_en
    negotiation.refresh_from_db()
    assert negotiation.state == "finalized"
    (event,) = factories.events("agreement.amended")
    assert (event["number"], event["from_charge"], event["charges"], event["price_minor"]) == (
        2,
        4,
        12,
        12_000,
    )
    titles = Notice.objects.filter(subject=year.public_id).values_list("organisation_id", flat=True)
    assert {year.buyer_id, year.seller_id} <= set(titles)
    assert breaches() == {}


def test_a_seller_begins_and_the_buyer_counters(market, year):
    negotiation = amend(market, year, "seller", price_minor=13_000)
    assert negotiation.state == "offered"
    services.counter_request(
        actor=market.buyer,
        negotiation=negotiation.public_id,
        terms={"price_minor": 11_000, "effective_on": date(2027, 5, 31)},
    )
    negotiation.refresh_from_db()
    row = signed(market, negotiation)
    assert (row.said["terms"]["price_minor"], row.from_charge, row.effective_on) == (
        11_000,
        3,
        date(2027, 5, 31),
    )


def test_the_version_in_force_changes_at_its_day(market, year):
    signed(market, amend(market, year, ending={"convenience_notice_days": 60}))
    year = Agreement.objects.get(pk=year.pk)
    at(date(2027, 6, 29), 23)
    assert version_in_force(year).number == 1
    assert queries.signed_content(year.public_id)[0]["terms"]["ending"]["convenience_notice_days"] == 30
    at(date(2027, 6, 30))
    assert version_in_force(year).number == 2
    assert queries.signed_content(year.public_id)[0]["terms"]["ending"]["convenience_notice_days"] == 60
    with pytest.raises(FieldInvalid):
        consequences_shown(year, ground="convenience", last_day=date(2027, 8, 1), refund=None)


def test_both_read_what_changes(market, year):
    negotiation = amend(market, year, price_minor=9_000, rights={"duration": "P2Y"})
    signed(market, negotiation)
    first, second = versions_shown(Agreement.objects.get(pk=year.pk))
    assert (first.number, first.in_force, first.changes) == (1, True, [])
    assert (second.number, second.in_force) == (2, False)
    assert [change["field"] for change in second.changes] == ["price_minor", "rights.duration"]
    assert (second.classes["rights"], second.classes["price"], second.classes["term"]) == (
        "wider",
        "lower",
        "longer",
    )


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        ({}, "terms"),
        ({"inspection_days": 9}, "terms.inspection_days"),
        ({"rights": {"exclusive": True}}, "terms.rights.exclusive"),
        ({"charging": {**SUBSCRIPTION["charging"], "period_months": 2, "charges": 6}}, "terms.charging.period_months"),
        ({"charging": {**SUBSCRIPTION["charging"], "charges": 2}}, "terms.charging.charges"),
        ({"rights": {"duration": "P2M"}}, "terms.charging.charges"),
        ({"day": "2027-03-30", "price_minor": 1}, "terms.effective_on"),
        ({"day": "2028-04-01", "price_minor": 1}, "terms.effective_on"),
        ({"day": "2028-03-15", "price_minor": 1}, "terms.price_minor"),
        ({"day": "soon", "price_minor": 1}, "terms.effective_on"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_out_is_refused_by_its_name(market, year, terms, named):
    assert field(lambda: amend(market, year, **terms)) == named


def test_a_shorter_term_ends_the_agreement_sooner(market, year):
    fewer = {**SUBSCRIPTION["charging"], "charges": 6}
    row = signed(market, amend(market, year, rights={"duration": "P6M"}, charging=fewer))
    year.refresh_from_db()
    assert row.classes["term"] == "shorter"
    assert year.ends_at == row.ends_at == datetime(2027, 10, 1, tzinfo=JST)
    clock.move_to(year.ends_at, running=False)
    tasks.sweep()
    year.refresh_from_db()
    assert year.state == "expired"
    assert breaches() == {}


@pytest.mark.parametrize(
    ("duration", "charges", "end"), [("P6M", 6, date(2027, 10, 1)), ("P2Y", 24, date(2029, 4, 1))]
)
def test_what_is_deleted_is_asked_for_at_the_end_that_was_signed_last(market, duration, charges, end):
    at(date(2027, 3, 31), 10)
    terms = {**SUBSCRIPTION, "rights": {"duration": "P1Y", "delete_at_end": True}}
    row = factories.agreement(market, **terms)
    factories.sent(row)
    signed(
        market,
        amend(
            market,
            row,
            rights={"duration": duration},
            charging={**SUBSCRIPTION["charging"], "charges": charges},
        ),
    )
    at(end - timedelta(days=1), 23)
    tasks.sweep()
    assert not DeletionDuty.objects.exists()
    at(end)
    tasks.sweep()
    duty = DeletionDuty.objects.get()
    assert (duty.agreement_id, duty.state) == (row.pk, "open")
    assert duty.arose_at == datetime(end.year, end.month, end.day, tzinfo=JST)
    assert breaches() == {}


def test_one_amendment_is_open_at_a_time(market, year):
    negotiation = amend(market, year, price_minor=12_000)
    with refused(AmendmentOpen):
        amend(market, year, "seller", price_minor=9_000)
    services.terminate(actor=market.buyer, negotiation=negotiation.public_id)
    assert amend(market, year, "seller", price_minor=9_000).state == "offered"


def test_versions_follow_each_other(market, year):
    signed(market, amend(market, year, price_minor=12_000))
    assert field(lambda: amend(market, year, day="2027-06-29", price_minor=9_000)) == "terms.effective_on"
    row = signed(market, amend(market, year, day="2027-08-31", price_minor=9_000))
    assert (row.number, row.from_charge) == (3, 6)
    assert row.said["amends"]["replaces"] == AgreementVersion.objects.get(number=2).signed_hash
    assert breaches() == {}


def test_an_amendment_that_a_charge_overtook_is_not_signed(market, year):
    negotiation = amend(market, year, day="2027-04-29", price_minor=12_000, open_days=30)
    services.sign(actor=market.seller, negotiation=negotiation.public_id)
    at(date(2027, 4, 30), 9)
    with pytest.raises(FieldInvalid):
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    assert not AgreementVersion.objects.exists()


def test_another_contract_than_was_signed_is_outdated(market, year):
    negotiation = amend(market, year, day="2027-03-31", price_minor=12_000)
    services.sign(actor=market.seller, negotiation=negotiation.public_id)
    instrument = queries.instrument_of(negotiation)
    assert instrument.said["amends"]["from_charge"] == 2
    year.refresh_from_db()
    instrument.said["amends"]["from_charge"] = 3
    with pytest.raises(AmendmentOutdated):
        require_signable(negotiation, instrument)


def test_what_ends_is_not_amended(market, year):
    asked: dict[str, Any] = {"ground": "convenience", "last_day": date(2027, 9, 30)}
    negotiation = amend(market, year, price_minor=12_000)
    services.sign(actor=market.seller, negotiation=negotiation.public_id)
    digest = digest_of_consequences(consequences_shown(year, refund=None, **asked))
    services.end_early(actor=market.buyer, agreement=year.public_id, digest=digest, **asked)
    with refused(EndingOpen):
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    services.terminate_agreement(
        agreement=year.public_id, reason_code=TerminationReason.PAYMENT_FAILED, cause="trade.failed"
    )
    with refused(AgreementEnded):
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    tasks.sweep()
    negotiation.refresh_from_db()
    assert (negotiation.state, negotiation.end_reason_code) == ("terminated", "agreement_ended")


def test_consequences_change_with_a_version(market, year):
    asked: dict[str, Any] = {"ground": "mutual", "last_day": date(2027, 9, 15), "refund": "pro_rata"}
    digest = digest_of_consequences(consequences_shown(year, **asked))
    signed(market, amend(market, year, price_minor=12_000))
    with refused(ConsequencesChanged):
        services.end_early(actor=market.buyer, agreement=year.public_id, digest=digest, **asked)
    shown = consequences_shown(Agreement.objects.get(pk=year.pk), **asked)
    # The period from 08-31 to 09-29 follows the new price; the one in which the day of the version falls does not.
    assert shown["refund_minor"] + shown["kept_minor"] == 12_000
    shown = consequences_shown(Agreement.objects.get(pk=year.pk), **{**asked, "last_day": date(2027, 6, 15)})
    assert shown["refund_minor"] + shown["kept_minor"] == 10_000


def test_strangers_amend_nothing(market, year):
    with refused(Missing):
        amend(market, year, "stranger", price_minor=1)


def test_what_was_given_back_stays_given(market, year):
    services.move_end(agreement=year.public_id, ends_at=year.ends_at + timedelta(days=3))
    row = signed(market, amend(market, year, rights={"duration": "P2Y"}))
    assert row.ends_at == datetime(2029, 4, 4, tzinfo=JST)
    assert breaches() == {}


def test_an_amendment_that_cannot_end_holds_back_no_other(market, year):
    other = factories.agreement(market, **SUBSCRIPTION)
    stuck, fine = amend(market, year, price_minor=12_000), amend(market, other, price_minor=12_000)
    for agreement in (year, other):
        services.terminate_agreement(
            agreement=agreement.public_id, reason_code=TerminationReason.PAYMENT_FAILED, cause="trade.failed"
        )
    with poisoned("contracts_negotiation", f"NEW.id = {stuck.pk}"):
        assert sum(end_overtaken_amendments() for _ in range(RUNS)) == 1
    assert aside("contracts.end_overtaken_amendments") == [stuck.public_id]
    fine.refresh_from_db()
    assert fine.state == "terminated"


def test_documents_and_the_bundle_have_every_version(market, year):
    row = signed(market, amend(market, year, price_minor=12_000))
    year = Agreement.objects.get(pk=year.pk)
    first, second = (queries.document_data(year, version_asked(year, number)) for number in ("1", "2"))
    assert (first["signed_hash"], second["signed_hash"]) == (year.signed_hash, row.signed_hash)
    assert [one["party"] for one in second["signatures"]] == ["provider", "consumer"]
    assert queries.verification_of(year, row.instrument)["verified"]
    with pytest.raises(Missing):
        version_asked(year, "3")
    files = version_files(year, signed_versions(year)[1])
    assert sorted(files) == [
        "versions/2/object.json",
        "versions/2/signatures.json",
        "versions/2/text.en.txt",
        "versions/2/text.ja.txt",
    ]
    assert sha256_hex(files["versions/2/object.json"]) == row.signed_hash
