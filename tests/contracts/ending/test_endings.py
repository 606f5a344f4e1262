"""Agreements are ended before their term: by both, by notice, by law; with consequences that were read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts import services, tasks
from contracts.ending.consequences import digest_of_consequences, words_of
from contracts.ending.models import Ending
from contracts.ending.queries import consequences_shown
from contracts.errors import AgreementEnded, ConsequencesChanged, EndingOpen, EndingOver, NoNoticeAgreed
from contracts.models import Adjustment, Agreement
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Forbidden, IllegalTransition, Missing, PermissionNeeded
from marketplace.notices.models import Notice, Task
from marketplace.participants.interest_errors import Recused
from marketplace.participants.services import declare_interest
from tests.participants.factories import actor_for, keep_proved, person_of
from tests.poison import RUNS, aside, poisoned
from tests.roles import unguarded

from .. import factories
from ..raw import refused as refused_by_database
from ..raw import run
from ..refusals import refused
from ..test_invariants import breaches

JST = ZoneInfo("Asia/Tokyo")
CONCLUDED = datetime(2027, 3, 31, 10, tzinfo=JST)
LAST_DAY = date(2027, 9, 30)
YEAR = {
    "price_minor": 1_200_000,
    "rights": {"duration": "P1Y", "delete_at_end": False},
    "ending": {"convenience_notice_days": 30, "refund": "pro_rata"},
}


@pytest.fixture
def year(market) -> Agreement:
    """An agreement for the year from 2027-04-01, which 30 days of notice end."""
    clock.move_to(CONCLUDED, running=False)
    return factories.agreement(market, **YEAR)


def digest(agreement: Agreement, **how: Any) -> str:
    shown = consequences_shown(agreement, **{"refund": None, **how})
    return digest_of_consequences(shown)


def end(market, agreement: Agreement, who: str = "buyer", **how: Any) -> Ending:
    """The ending that a party's signatory begins: by agreement, unless said otherwise."""
    asked: dict[str, Any] = {"ground": "mutual", "last_day": LAST_DAY, "refund": "pro_rata", **how}
    if asked["ground"] != "mutual":
        del asked["refund"]
    said = {"reason": asked.pop("reason", ""), "digest": asked.pop("digest", None)}
    said["digest"] = said["digest"] or digest(agreement, **asked, party=who)
    end_it = services.end_early
    if asked["ground"] == "law":
        del asked["ground"]
        end_it = services.end_by_law
    return end_it(actor=getattr(market, who), agreement=agreement.public_id, **asked, **said)


def colleague(market, name: str = "second") -> Actor:
    """Another person of the operator, with a fresh proof."""
    row = market.organisation("operator")
    person = person_of(row, name).public_id
    keep_proved(person)
    return actor_for(row, person)


def at(day: date, hour: int = 0) -> None:
    clock.move_to(datetime(day.year, day.month, day.day, hour, tzinfo=JST), running=False)


def reread(row):
    row.refresh_from_db()
    return row


def test_the_consequences_are_shown_before(year):
    shown = consequences_shown(year, ground="convenience", last_day=LAST_DAY, refund=None)
    assert shown == {
        "agreement": year.public_id,
        "ground": "convenience",
        "last_day": "2027-09-30",
        "access_until": "2027-09-30T15:00:00+00:00",
        "refund": "pro_rata",
        "charging": "one_off",
        "charge": 1,
        "still_due": [],
        "period": {"first_day": "2027-04-01", "last_day": "2028-03-31", "days": 366, "unused_days": 183},
        "currency": "JPY",
        "tax_rate_bp": 1_000,
        "refund_minor": 600_000,
        "refund_tax_minor": 60_000,
        "kept_minor": 600_000,
        "kept_tax_minor": 60_000,
        "deletion": False,
        "certificate_days": 30,
    }


def test_the_year_of_the_example(market):
    clock.move_to(datetime(2029, 3, 31, 10, tzinfo=JST), running=False)
    agreement = factories.agreement(market, **YEAR)
    shown = consequences_shown(agreement, ground="law", last_day=date(2029, 9, 30), refund=None)
    money = {name: shown[name] for name in shown if name.endswith("_minor")}
    assert money == {
        "refund_minor": 598_356,
        "refund_tax_minor": 59_835,
        "kept_minor": 601_644,
        "kept_tax_minor": 60_165,
    }


def test_both_end_it(market, year):
    ending = end(market, year)
    assert (ending.state, ending.party, ending.ground) == ("proposed", "buyer", "mutual")
    assert Task.objects.get(subject=ending.public_id).organisation_id == year.seller_id
    accepted = services.accept_ending(actor=market.seller, ending=ending.public_id, digest=ending.digest)
    assert (accepted.state, accepted.answered_by) == ("scheduled", market.seller.identifier)
    assert Task.objects.get(subject=ending.public_id).state == "done"
    clock.move_to(ending.access_until - timedelta(seconds=1), running=False)
    tasks.sweep()
    assert (reread(year).state, reread(ending).state) == ("in_force", "scheduled")
    clock.move_to(ending.access_until, running=False)
    tasks.sweep()
    tasks.sweep()
    assert (reread(year).state, year.termination_reason, reread(ending).state) == (
        "terminated",
        "mutual",
        "done",
    )
    (due,) = factories.events("adjustment.due")
    assert (due["debtor"], due["charge"], due["amount_minor"], due["reason_code"], due["within_left"]) == (
        year.seller_identifier,
        1,
        600_000,
        "ended_early",
        True,
    )
    assert [event["state"] for event in factories.events("agreement.ending")] == [
        "proposed",
        "scheduled",
        "done",
    ]
    assert [event["reason_code"] for event in factories.events("agreement.terminated")] == ["mutual"]
    kinds = (
        EvidenceRecord.objects.filter(subject=ending.public_id).order_by("pk").values_list("kind", flat=True)
    )
    assert list(kinds) == [f"contracts.ending_{state}" for state in ("proposed", "scheduled", "done")]
    assert Notice.objects.filter(subject=ending.public_id).count() == 6
    factories.check_deferred()
    assert breaches("ended_as_shown") == 0


def test_a_notice_ends_it_in_time_only(market, year):
    at(date(2027, 8, 31), 23)
    with refused(FieldInvalid, name="last_day"):
        end(market, year, ground="convenience", last_day=date(2027, 9, 29), digest="0" * 64)
    ending = end(market, year, "seller", ground="convenience")
    assert (ending.state, ending.refund, ending.refund_minor) == ("scheduled", "pro_rata", 600_000)
    with refused(IllegalTransition):
        services.withdraw_ending(actor=market.seller, ending=ending.public_id)
    clock.move_to(ending.access_until, running=False)
    assert services.carry_out_endings() == 1
    assert reread(year).termination_reason == "convenience"


def test_without_a_term_about_notice_nobody_ends_it_so(market):
    agreement = factories.agreement(market)
    with refused(NoNoticeAgreed, agreement=agreement.public_id):
        end(market, agreement, ground="convenience", last_day=clock.today(), digest="0" * 64)


def test_two_people_of_the_operator_end_it_by_law(market, year):
    ending = end(market, year)
    second = colleague(market)
    how = {"ground": "law", "last_day": clock.today(), "reason": "省令改正により提供が禁じられた"}
    with pytest.raises(SecondPersonNeeded):
        end(market, year, "operator", **how)
    assert reread(ending).state == "proposed"
    asked = {"ground": "law", "last_day": clock.today()}
    del how["ground"]
    ordered = services.end_by_law(actor=second, agreement=year.public_id, digest=digest(year, **asked), **how)
    assert (ordered.state, ordered.party, ordered.refund) == ("scheduled", "operator", "pro_rata")
    assert {ordered.proposed_by, ordered.first_person} == {second.identifier, market.operator.identifier}
    assert reread(ending).state == "dropped"
    clock.move_to(ordered.access_until, running=False)
    assert services.carry_out_endings() == 1
    assert reread(year).termination_reason == "law"
    assert Adjustment.objects.get().amount_minor == 1_200_000


def test_an_order_of_law_has_a_reason_and_is_the_operators(market, year):
    with refused(FieldInvalid, name="reason"):
        end(market, year, "operator", ground="law", last_day=clock.today(), reason=" ")
    with refused(PermissionNeeded):
        end(market, year, "seller", ground="law", last_day=clock.today(), reason="法令")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last_day": date(2027, 3, 30)}, "last_day"),
        ({"last_day": date(2028, 3, 31)}, "last_day"),
        ({"ground": "boredom"}, "ground"),
        ({"ground": "law"}, "ground"),
        ({"refund": "double"}, "refund"),
    ],
)
def test_a_faulty_end_is_refused_by_name(market, year, changes, field):
    with refused(FieldInvalid, name=field):
        services.end_early(
            actor=market.buyer,
            agreement=year.public_id,
            **{"ground": "mutual", "last_day": LAST_DAY, "refund": "none", "digest": "0" * 64, **changes},
        )


def test_nobody_confirms_other_consequences(market, year):
    with refused(ConsequencesChanged, agreement=year.public_id):
        end(market, year, digest="0" * 64)
    ending = end(market, year)
    with refused(ConsequencesChanged):
        services.accept_ending(actor=market.seller, ending=ending.public_id, digest="0" * 64)
    services.adjust_price(
        actor=market.operator,
        agreement=year.public_id,
        debtor=year.seller_identifier,
        amount_minor=100_000,
        reason="座標が古い",
    )
    with refused(ConsequencesChanged):
        services.accept_ending(actor=market.seller, ending=ending.public_id, digest=ending.digest)


def test_the_digest_binds_no_tax_because_that_is_what_was_charged(year):
    shown = consequences_shown(year, ground="law", last_day=LAST_DAY, refund=None)
    taxed = {**shown, "tax_rate_bp": 800, "refund_tax_minor": 48_000, "kept_tax_minor": 48_000}
    assert digest_of_consequences(taxed) == digest_of_consequences(shown)
    assert digest_of_consequences({**shown, "refund_minor": 600_001}) != digest_of_consequences(shown)
    words = words_of(shown)
    assert "¥660,000 in all" in words["en"]
    assert "comes back as it was charged" in words["en"]
    assert "課税された額に応じて" in words["ja"]


def test_only_parties_see_it_and_only_the_other_answers(market, year):
    ending = end(market, year)
    with refused(Missing, kind="agreement"):
        end(market, year, "stranger")
    with refused(Missing, kind="ending"):
        services.accept_ending(actor=market.stranger, ending=ending.public_id, digest=ending.digest)
    with refused(Forbidden):
        services.accept_ending(actor=market.buyer, ending=ending.public_id, digest=ending.digest)
    with refused(Forbidden):
        services.withdraw_ending(actor=market.seller, ending=ending.public_id)
    with refused(EndingOpen, ending=ending.public_id):
        end(market, year, "seller")


def test_a_refusal_a_withdrawal_and_silence_leave_it_in_force(market, year):
    refusal = services.refuse_ending(actor=market.seller, ending=end(market, year).public_id)
    withdrawal = services.withdraw_ending(actor=market.buyer, ending=end(market, year).public_id)
    silence = end(market, year)
    clock.move_to(silence.respond_by, running=False)
    with refused(EndingOver, ending=silence.public_id):
        services.accept_ending(actor=market.seller, ending=silence.public_id, digest=silence.digest)
    assert (services.lapse_endings(), services.lapse_endings()) == (1, 0)
    assert [row.state for row in (refusal, withdrawal, reread(silence))] == ["refused", "withdrawn", "lapsed"]
    assert reread(year).state == "in_force"
    assert not Task.objects.filter(subject=silence.public_id, state="open").exists()


def test_the_words_say_what_becomes_of_what_was_received(year):
    shown = consequences_shown(year, ground="law", last_day=LAST_DAY, refund=None)
    assert "inspected on after the end" in words_of(shown)["en"]
    assert "lost from now on" in words_of(shown)["en"]
    assert "検査が続き" in words_of(shown)["ja"]
    assert "what was received is inspected to the end of its period" in year.instrument.text_en


def test_a_dispute_comes_before_the_end(market, year):
    ending = end(market, year, ground="convenience")
    clock.move_to(ending.access_until - timedelta(hours=1), running=False)
    dispute = services.open_dispute(
        actor=market.buyer, agreement=year.public_id, reason_code="damaged", text="読めない"
    )
    clock.move_to(ending.access_until, running=False)
    assert services.carry_out_endings() == 0
    factories.resolve(dispute.public_id, market.operator, outcome="dismissed", reason="根拠なし")
    assert services.carry_out_endings() == 1
    assert reread(year).termination_reason == "convenience"


def test_a_dispute_that_ends_it_drops_what_was_scheduled(market, year):
    ending = end(market, year, ground="convenience")
    dispute = services.open_dispute(
        actor=market.buyer, agreement=year.public_id, reason_code="rights_defect", text="権利がない"
    )
    factories.resolve(dispute.public_id, market.operator, outcome="termination", reason="提供者の違反")
    assert (reread(year).termination_reason, reread(ending).state) == ("seller_breach", "dropped")
    assert Adjustment.objects.count() == 0
    with refused(AgreementEnded):
        end(market, year, digest="0" * 64)
    factories.check_deferred()


def test_an_end_that_cannot_be_carried_out_holds_back_no_other(market, year):
    other = factories.agreement(market, **YEAR)
    stuck, fine = (end(market, row, ground="convenience") for row in (year, other))
    clock.move_to(stuck.access_until, running=False)
    with poisoned("contracts_ending", f"NEW.id = {stuck.pk}"):
        assert sum(services.carry_out_endings() for _ in range(RUNS)) == 1
    assert aside("contracts.carry_out_endings") == [stuck.public_id]
    assert (reread(stuck).state, reread(fine).state) == ("scheduled", "done")


def test_a_proposal_that_cannot_lapse_holds_back_no_other(market, year):
    other = factories.agreement(market, **YEAR)
    stuck, fine = end(market, year), end(market, other)
    clock.move_to(stuck.respond_by, running=False)
    with poisoned("contracts_ending", f"NEW.id = {stuck.pk}"):
        assert sum(services.lapse_endings() for _ in range(RUNS)) == 1
    assert aside("contracts.lapse_endings") == [stuck.public_id]
    assert reread(fine).state == "lapsed"


def test_the_terms_say_it_in_both_languages(market, year):
    assert "at least 30 days before its last day" in year.instrument.text_en
    assert "最終日の30日前まで" in year.instrument.text_ja
    other = factories.agreement(market)
    assert "Neither party may end this contract by notice" in other.instrument.text_en


@pytest.mark.parametrize(
    ("ending", "field"),
    [
        ({"convenience_notice_days": 0}, "terms.ending.convenience_notice_days"),
        ({"convenience_notice_days": 366}, "terms.ending.convenience_notice_days"),
        ({"convenience_notice_days": True}, "terms.ending.convenience_notice_days"),
        ({"refund": "all"}, "terms.ending.refund"),
        ({"notice": 3}, "terms.ending"),
        ("30 days", "terms.ending"),
    ],
)
def test_a_faulty_term_is_refused_by_name(market, ending, field):
    with refused(FieldInvalid, name=field):
        factories.requested(market, ending=ending)


def test_who_has_an_interest_in_a_party_ends_nothing_by_law(market, year):
    second = colleague(market)
    colleague(market, "third")
    declare_interest(actor=second, organisation=year.seller_identifier, kind="family", statement="親族が勤務")
    with pytest.raises(Recused):
        services.end_by_law(
            actor=second,
            agreement=year.public_id,
            last_day=LAST_DAY,
            reason="法令",
            digest=digest(year, ground="law", last_day=LAST_DAY),
        )


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("last_day", "last_day - 400", "today or later|ends with the end"),
        ("access_until", "access_until + interval '1 hour'", "ends with the end of its last day"),
        ("refund_minor", "1200001", "never passes its price"),
        ("digest", "repeat('z', 64)", "ending_stated"),
        ("ground", "'convenience'", "what its consequences say|waits for an answer"),
        ("state", "'done'", "cannot begin|waits for an answer"),
        ("proposed_by", "'usr_nobody'", "signs for no party|ending_stated"),
        ("party", "'operator'", "ending_by_law_takes_two|signs for no party"),
    ],
)
def test_the_database_takes_no_ending_that_is_none(market, year, column, value, why):
    ending = end(market, year)
    services.withdraw_ending(actor=market.buyer, ending=ending.public_id)
    columns = [field.column for field in Ending._meta.concrete_fields if field.column != "id"]
    fresh = {
        "public_id": "'end_raw'",
        "state": "'proposed'",
        "closed_at": "NULL",
        "proposed_at": "public.business_now()",
        column: value,
    }
    values = ", ".join(fresh.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    refused_by_database(
        why,
        f"INSERT INTO contracts_ending ({names}) SELECT {values} FROM contracts_ending WHERE id = {ending.pk}",
    )


def test_the_database_moves_no_ending_out_of_time(market, year):
    ending = end(market, year)
    scheduled = (
        "UPDATE contracts_ending SET state = 'scheduled', answered_at = public.business_now(), answered_by = "
    )
    refused_by_database("a signatory of the other party", f"{scheduled}'{market.buyer.identifier}'")
    refused_by_database(
        "can still be answered",
        "UPDATE contracts_ending SET state = 'lapsed', closed_at = public.business_now()",
    )
    services.accept_ending(actor=market.seller, ending=ending.public_id, digest=ending.digest)
    refused_by_database(
        "after its last day", "UPDATE contracts_ending SET state = 'done', closed_at = public.business_now()"
    )
    for reason in ("mutual", "law", "seller_breach"):
        refused_by_database(
            "is ended after the last day|no dispute decided",
            "UPDATE contracts_agreement SET state = 'terminated', terminated_at = public.business_now(),"
            f" termination_reason = '{reason}'",
        )
    refused_by_database(
        "nothing that would end or renew it stays open",
        "UPDATE contracts_agreement SET state = 'terminated', terminated_at = public.business_now(),"
        " termination_reason = 'refunded'",
    )
    clock.move_to(ending.access_until, running=False)
    refused_by_database(
        "when its agreement is terminated",
        "UPDATE contracts_ending SET state = 'done', closed_at = public.business_now()",
    )


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("contracts_agreement", "UPDATE contracts_agreement SET termination_reason = 'law'"),
        (
            "contracts_agreement",
            "UPDATE contracts_agreement SET state = 'in_force', terminated_at = NULL, termination_reason = NULL",
        ),
        ("contracts_ending", "UPDATE contracts_ending SET refund_minor = refund_minor + 1"),
        ("contracts_ending", "UPDATE contracts_ending SET closed_at = access_until - interval '1 second'"),
        ("contracts_ending", "UPDATE contracts_ending SET state = 'scheduled', closed_at = NULL"),
        ("contracts_adjustment", "DELETE FROM contracts_adjustment"),
        ("contracts_adjustment", "UPDATE contracts_adjustment SET amount_minor = amount_minor - 1"),
        ("contracts_adjustment", "UPDATE contracts_adjustment SET charge = 2"),
    ],
)
def test_the_check_finds_an_end_that_was_not_shown(market, year, table, statement):
    ending = end(market, year, ground="convenience")
    clock.move_to(ending.access_until, running=False)
    services.carry_out_endings()
    factories.check_deferred()
    assert breaches("ended_as_shown") == 0
    with unguarded(table):
        run(statement)
    assert breaches("ended_as_shown") != 0


def test_an_actor_that_is_no_person_ends_nothing(market, year):
    program = replace(market.buyer, identifier="app_01JABCDEFGHJKMNPQRSTVWXYZ0")
    with pytest.raises((Forbidden, PermissionNeeded)):
        services.end_early(
            actor=program,
            agreement=year.public_id,
            ground="mutual",
            last_day=LAST_DAY,
            refund="none",
            digest=digest(year, ground="mutual", last_day=LAST_DAY, refund="none"),
        )
