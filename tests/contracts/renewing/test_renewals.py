"""An agreement goes on after its term as both signed, unless a party refuses it in time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from contracts import services, tasks
from contracts.amending.models import AgreementVersion
from contracts.amending.queries import money_signed, signed_versions, version_in_force
from contracts.amending.services import amend_agreement
from contracts.amending.shown import versions_shown
from contracts.document.bundle import version_files
from contracts.ending.consequences import digest_of_consequences
from contracts.ending.queries import consequences_shown
from contracts.errors import AgreementEnded
from contracts.models import Agreement
from contracts.queries import document_data, verification_of
from contracts.renewing.errors import NoRenewal, RenewalOver
from contracts.renewing.models import Renewal, RenewalDocument
from contracts.renewing.services import attend_renewals, refuse_renewal
from contracts.renewing.terms import amendment_to_renew
from contracts.states import TerminationReason
from contracts.terms import parse_terms
from listings import services as listings
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.models import Notice, Task
from marketplace.participants.models import Admission
from marketplace.rules.models import Decision
from tests.poison import RUNS, aside, poisoned
from tests.roles import unguarded
from tests.rules import factories as rules

from .. import factories
from ..amending.conftest import JST, SUBSCRIPTION
from ..amending.test_amendments import amend, breaches, signed
from ..plans import terms as stated_terms
from ..pools.test_pools import Members
from ..refusals import refused
from ..standing.test_halts import halt, lift
from .conftest import AUTOMATIC, BEGUN, NOTICE_BY, again, move_to


def tasks_of(agreement: Agreement) -> set[int]:
    """Which parties have an open task about it."""
    rows = Task.objects.filter(subject=agreement.public_id, state="open")
    return set(rows.values_list("organisation_id", flat=True))


def test_it_goes_on_unless_a_party_refuses(yearly):
    standing = Renewal.objects.get()
    assert (standing.version, standing.turn, standing.notice_by) == (1, 1, NOTICE_BY)
    move_to(NOTICE_BY - timedelta(days=15))
    assert tasks_of(yearly) == set()
    move_to(NOTICE_BY - timedelta(days=13))
    tasks.sweep()
    assert tasks_of(yearly) == {yearly.buyer_id, yearly.seller_id}
    move_to(NOTICE_BY - timedelta(seconds=1))
    assert not AgreementVersion.objects.exists()
    move_to(NOTICE_BY)
    tasks.sweep()
    version = AgreementVersion.objects.get()
    assert (version.number, version.kind, version.from_charge) == (2, "renewed", 13)
    assert version.effective_on == date(2028, 3, 2)
    assert again(yearly).ends_at == version.ends_at == datetime(2029, 4, 1, tzinfo=JST)
    terms = parse_terms(version.said["terms"])
    assert (terms.rights.duration, terms.charging.charges, terms.price_minor) == ("P24M", 24, 10_000)
    assert len(money_signed(again(yearly)).charges) == 24
    (event,) = factories.events("agreement.amended")
    assert (event["number"], event["from_charge"], event["charges"], event["price_minor"]) == (
        2,
        13,
        24,
        10_000,
    )
    assert list(Renewal.objects.order_by("pk").values_list("state", "turn")) == [
        ("renewed", 1),
        ("standing", 2),
    ]
    assert tasks_of(yearly) == set()
    assert breaches() == {}


def test_the_market_records_it_by_the_clause(yearly):
    move_to(NOTICE_BY)
    document, year = RenewalDocument.objects.get(), again(yearly)
    assert document.said["amends"] == {
        "agreement": yearly.public_id,
        "version": 2,
        "replaces": yearly.signed_hash,
        "effective_on": "2028-03-02",
        "from_charge": 13,
        "renewal": Renewal.objects.earliest("pk").public_id,
    }
    assert "当事者は署名しない" in document.text_ja
    assert "signed its clause on renewal" in document.text_en
    record = EvidenceRecord.objects.get(kind="contracts.agreement_renewed")
    assert (record.payload["clause"], record.payload["signed_hash"]) == (
        "terms.renewal",
        document.signed_hash,
    )
    assert [row for row in REGISTER["evidence.rows_recorded"].check() if "renewal" in str(row)] == []
    shown = verification_of(year, document)
    assert (shown["verified"], shown["faults"], shown["signatures"]) == (True, [], [])
    assert shown["renewal"]["jws"] == document.jws
    first, second = versions_shown(year)
    assert (second.kind, second.in_force, first.in_force) == ("renewed", True, False)
    assert (second.classes["price"], second.classes["term"]) == ("same", "longer")
    signed_second = signed_versions(year)[1]
    shown_document = document_data(year, signed_second)
    assert (shown_document["signatures"], shown_document["renewed"]) == ([], True)
    files = version_files(year, signed_second)
    assert "versions/2/renewal.json" in files
    assert version_in_force(year, NOTICE_BY - timedelta(seconds=1)).number == 1
    assert version_in_force(year, NOTICE_BY).number == 2


def test_it_ends_when_its_times_are_used_up(yearly):
    for year in (2028, 2029, 2030):
        move_to(datetime(year, 3, 2, tzinfo=JST))
    assert [row.number for row in signed_versions(again(yearly))] == [1, 2, 3]
    move_to(datetime(2030, 4, 1, tzinfo=JST))
    assert again(yearly).state == "expired"
    assert breaches() == {}


@pytest.mark.parametrize("party", ["buyer", "seller"])
def test_either_party_refuses_it_in_time(market, yearly, party):
    move_to(NOTICE_BY - timedelta(days=13))
    renewal = refuse_renewal(actor=getattr(market, party), agreement=yearly.public_id)
    assert (renewal.refused_party, renewal.refused_by) == (party, getattr(market, party).identifier)
    assert tasks_of(yearly) == set()
    with refused(NoRenewal):
        refuse_renewal(actor=market.seller, agreement=yearly.public_id)
    move_to(NOTICE_BY)
    move_to(datetime(2028, 4, 1, tzinfo=JST))
    assert (again(yearly).state, AgreementVersion.objects.count()) == ("expired", 0)
    titles = Notice.objects.filter(subject=yearly.public_id, title__en__startswith="Not renewed")
    assert set(titles.values_list("organisation_id", flat=True)) == {yearly.buyer_id, yearly.seller_id}
    assert breaches() == {}


def test_it_is_refused_until_its_day_of_notice_comes(market, yearly):
    clock.move_to(NOTICE_BY, running=False)
    with refused(RenewalOver):
        refuse_renewal(actor=market.buyer, agreement=yearly.public_id)
    clock.move_to(NOTICE_BY + timedelta(seconds=1), running=False)
    services.terminate_agreement(
        agreement=yearly.public_id, reason_code=TerminationReason.PAYMENT_FAILED, cause="trade.failed"
    )
    with refused(AgreementEnded):
        refuse_renewal(actor=market.buyer, agreement=yearly.public_id)
    assert Renewal.objects.get().reason_code == "agreement_ended"


def test_what_is_not_renewed_by_itself_has_nothing_to_refuse(market):
    clock.move_to(BEGUN, running=False)
    year = factories.agreement(market, **SUBSCRIPTION)
    with refused(NoRenewal):
        refuse_renewal(actor=market.buyer, agreement=year.public_id)
    assert "renewal" not in year.instrument.said["terms"]


def test_a_refusal_stands_until_both_sign_another_renewal(market, yearly):
    refuse_renewal(actor=market.buyer, agreement=yearly.public_id)
    signed(market, amend(market, again(yearly), price_minor=12_000))
    assert Renewal.objects.get().state == "refused"
    signed(market, amend(market, again(yearly), renewal={**AUTOMATIC, "notice_days": 60}))
    assert list(Renewal.objects.order_by("pk").values_list("state", "version")) == [
        ("refused", 1),
        ("standing", 3),
    ]
    move_to(datetime(2028, 2, 1, tzinfo=JST))
    version = AgreementVersion.objects.get(kind="renewed")
    assert (version.number, version.said["terms"]["price_minor"]) == (4, 12_000)
    assert breaches() == {}


def test_both_take_a_renewal_out(market, yearly):
    signed(market, amend(market, yearly, renewal={"kind": "none"}))
    assert (Renewal.objects.get().state, Renewal.objects.get().reason_code) == ("dropped", "amended")
    move_to(datetime(2028, 4, 1, tzinfo=JST))
    assert again(yearly).state == "expired"
    assert breaches() == {}


def test_both_read_that_they_change_it(market, yearly):
    negotiation = amend(market, yearly, renewal={"kind": "by_agreement", "notice_days": 40})
    signed(market, negotiation)
    (change,) = versions_shown(again(yearly))[1].changes
    assert change["field"] == "renewal"
    assert "最終日の30日前" in change["words"]["ja"]


def test_by_agreement_both_are_reminded_and_offered_an_amendment(market):
    clock.move_to(BEGUN, running=False)
    year = factories.agreement(market, **SUBSCRIPTION, renewal={"kind": "by_agreement", "notice_days": 30})
    move_to(NOTICE_BY - timedelta(seconds=1))
    assert tasks_of(year) == set()
    move_to(NOTICE_BY)
    assert tasks_of(year) == {year.buyer_id, year.seller_id}
    with refused(NoRenewal):
        refuse_renewal(actor=market.buyer, agreement=year.public_id)
    wanted = amendment_to_renew(year.instrument.said["terms"])
    negotiation = amend_agreement(
        actor=market.buyer, agreement=year.public_id, terms={"effective_on": "2028-03-02", **wanted}
    )
    version = signed(market, negotiation)
    assert version.ends_at == datetime(2029, 4, 1, tzinfo=JST)
    assert list(Renewal.objects.order_by("pk").values_list("state", "version")) == [
        ("dropped", 1),
        ("standing", 2),
    ]
    assert tasks_of(year) == set()
    move_to(datetime(2029, 4, 1, tzinfo=JST))
    assert again(year).state == "expired"
    assert breaches() == {}


@pytest.mark.parametrize(
    ("renewal", "rest", "named"),
    [
        ({"kind": "always"}, {}, "terms.renewal.kind"),
        ({"notice_days": 30}, {}, "terms.renewal"),
        ({**AUTOMATIC, "months": 0}, {}, "terms.renewal.months"),
        ({**AUTOMATIC, "notice_days": 3}, {}, "terms.renewal.notice_days"),
        ({**AUTOMATIC, "times_max": 21}, {}, "terms.renewal.times_max"),
        ({**AUTOMATIC, "days": 1}, {}, "terms.renewal.days"),
        ({"kind": "by_agreement", "notice_days": 30, "months": 1}, {}, "terms.renewal.months"),
        (AUTOMATIC, {"charging": None}, "terms.renewal.kind"),
        (AUTOMATIC, {"rights": {"duration": "P13M"}}, "terms.renewal.kind"),
        (AUTOMATIC, {"rights": {"duration": "P1Y", "valid_until": "2028-12-31"}}, "terms.renewal.kind"),
        ({**AUTOMATIC, "months": 1}, {}, "terms.renewal.notice_days"),
        ({**AUTOMATIC, "months": 13}, {"charging": {**SUBSCRIPTION["charging"], "charges": 6, "period_months": 2}}, "terms.renewal.months"),
        ({**AUTOMATIC, "times_max": 20}, {"rights": {"duration": "P60M"}, "charging": {**SUBSCRIPTION["charging"], "charges": 60}}, "terms.renewal.times_max"),
        ({"kind": "by_agreement", "notice_days": 180}, {"rights": {"duration": "P3M"}, "charging": None}, "terms.renewal.notice_days"),
    ],
)  # fmt: skip
def test_a_renewal_that_cannot_be_carried_out_is_refused_by_its_name(market, renewal, rest, named):
    clock.move_to(BEGUN, running=False)
    terms: dict[str, Any] = {**SUBSCRIPTION, **rest, "renewal": renewal}
    if terms["charging"] is None:
        terms = {**terms, "charging": {"kind": "one_off"}, "ending": {}}
    with pytest.raises(FieldInvalid) as refusal:
        factories.requested(market, **terms)
    assert refusal.value.name == named


def test_a_day_of_notice_that_has_passed_is_not_agreed_on(market, yearly):
    move_to(NOTICE_BY - timedelta(days=5))
    with pytest.raises(FieldInvalid) as refusal:
        amend(market, again(yearly), day="2028-02-28", renewal={**AUTOMATIC, "notice_days": 60})
    assert refusal.value.name == "terms.renewal.notice_days"


def test_the_plan_and_the_text_say_it(yearly):
    said = yearly.instrument.said
    assert said["plan"]["renewal"] == said["terms"]["renewal"] == {**AUTOMATIC, "months": 12}
    assert any(one["what"] == "refuse_renewal" and one["who"] == "party" for one in said["plan"]["stops"])
    assert any(
        one["what"] == "refuse_renewal" and one["reminder"] == "task" for one in said["plan"]["deadlines"]
    )
    assert "## 更新" in yearly.instrument.text_ja
    assert "最終日の30日前までに" in yearly.instrument.text_ja
    assert "12 months" in yearly.instrument.text_en
    assert "通算2回" in yearly.instrument.text_ja
    assert "renewal" not in stated_terms().as_dict()


def obstacle(yearly: Agreement) -> tuple[str, str]:
    """What becomes of the renewal on its day, and why."""
    move_to(NOTICE_BY)
    row = Renewal.objects.get()
    told = Notice.objects.filter(subject=yearly.public_id, title__en__startswith="Not renewed")
    assert told.count() == 2
    assert breaches() == {}
    return row.state, row.reason_code


def test_a_withdrawn_listing_is_not_renewed(market, yearly):
    listings.withdraw_listing(actor=market.seller, listing=yearly.listing, reason="漏えいのおそれ")
    assert obstacle(yearly) == ("dropped", "listing_withdrawn")
    move_to(datetime(2028, 4, 1, tzinfo=JST))
    assert again(yearly).state == "expired"


@pytest.mark.parametrize(("is_signed", "state"), [(True, "dropped"), (False, "renewed")])
def test_only_a_pool_that_all_signed_keeps_from_renewal(market, yearly, is_signed, state):
    members = Members(market)
    version = members.open()
    if is_signed:
        members.sign(version)
    move_to(NOTICE_BY)
    renewal = Renewal.objects.order_by("pk").first()
    assert (renewal.state, renewal.reason_code or "") == (state, "pooled" if is_signed else "")


def test_nobody_who_is_not_admitted_goes_on(market, yearly):
    with unguarded("participants_admission"):
        Admission.objects.filter(organisation=market.organisation("buyer")).update(state="withdrawn")
    assert obstacle(yearly) == ("dropped", "not_admitted")


def test_what_a_rule_forbids_is_not_renewed(market, yearly):
    rules.publish(
        rules.document(
            rules.rule("CON-1", "negotiation.price_minor > 1", "deny", "conclusion"),
            tax_rates=[{"category": "standard", "rate_bp": 1000, "from": "2019-10-01"}],
        )
    )
    assert obstacle(yearly) == ("dropped", "rules")
    assert Decision.objects.get(subject=Renewal.objects.get().public_id).outcome == "deny"


def test_what_ends_before_is_not_renewed(market, yearly):
    move_to(NOTICE_BY - timedelta(days=5))
    asked: dict[str, Any] = {"ground": "convenience", "last_day": date(2028, 3, 28)}
    digest = digest_of_consequences(consequences_shown(again(yearly), refund=None, **asked))
    services.end_early(actor=market.buyer, agreement=yearly.public_id, digest=digest, **asked)
    assert obstacle(yearly) == ("dropped", "ending")


def test_a_renewal_that_comes_too_late_is_none(yearly):
    clock.move_to(datetime(2028, 3, 31, tzinfo=JST), running=False)
    assert attend_renewals() == 1
    assert (Renewal.objects.get().state, Renewal.objects.get().reason_code) == ("dropped", "late")


def test_while_trading_is_halted_it_waits(market, yearly):
    halted = halt(market, "market")
    move_to(NOTICE_BY + timedelta(days=2))
    assert Renewal.objects.get().state == "standing"
    assert REGISTER["contracts.renewed_or_expired"].check() == []
    lift(market, halted)
    tasks.sweep()
    assert AgreementVersion.objects.get().kind == "renewed"


def test_what_no_sweep_attends_to_is_named(yearly):
    check = REGISTER["contracts.renewed_or_expired"].check
    clock.move_to(NOTICE_BY + timedelta(hours=23), running=False)
    assert check() == []
    clock.move_to(NOTICE_BY + timedelta(hours=25), running=False)
    assert check() == [{"agreement": yearly.public_id}]
    Renewal.objects.update(state="dropped", reason_code="late", closed_at=clock.now())
    clock.move_to(datetime(2028, 4, 1, 23, tzinfo=JST), running=False)
    assert check() == []
    clock.move_to(datetime(2028, 4, 2, 1, tzinfo=JST), running=False)
    assert check() == [{"agreement": yearly.public_id}]
    tasks.sweep()
    assert check() == []


def test_one_that_cannot_be_attended_to_stands_aside(market, yearly):
    other = factories.agreement(market, **SUBSCRIPTION, renewal=AUTOMATIC)
    stuck = Renewal.objects.get(agreement=yearly)
    clock.move_to(NOTICE_BY, running=False)
    with poisoned("contracts_renewaldocument", f"NEW.renewal_id = {stuck.pk}"):
        for _ in range(RUNS):
            attend_renewals()
    assert aside("contracts.attend_renewals") == [stuck.public_id]
    assert AgreementVersion.objects.get().agreement == other


def test_an_earlier_amendment_and_its_price_go_on(market, yearly):
    signed(market, amend(market, yearly, price_minor=12_000))
    assert list(Renewal.objects.values_list("state", "version")) == [("standing", 1)]
    move_to(NOTICE_BY)
    version = AgreementVersion.objects.get(kind="renewed")
    assert (version.number, version.said["terms"]["price_minor"]) == (3, 12_000)
    assert breaches() == {}


def test_it_is_amended_between_its_day_of_notice_and_the_end_of_its_term(market, yearly):
    signed(market, amend(market, yearly, day="2028-03-15", ending={"convenience_notice_days": 60}))
    move_to(NOTICE_BY)
    renewed = AgreementVersion.objects.get(kind="renewed")
    assert (renewed.effective_on, renewed.from_charge) == (date(2028, 3, 15), 13)
    signed(
        market,
        amend(
            market,
            again(yearly),
            day="2028-03-20",
            rights={"onward_transfer": "prohibited"},
            price_minor=9_000,
        ),
    )
    assert [charge.price_minor for charge in money_signed(again(yearly)).charges] == [10_000] * 12 + [
        9_000
    ] * 12
    assert again(yearly).ends_at == datetime(2029, 4, 1, tzinfo=JST)
    assert list(Renewal.objects.order_by("pk").values_list("state", "version")) == [
        ("renewed", 1),
        ("standing", 3),
    ]
    assert breaches() == {}
