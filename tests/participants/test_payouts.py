"""The payout account is changed by two people, waits, is told to everybody, and can be stopped."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from marketplace.participants import payout_queries
from marketplace.participants.models import Membership, Organisation, PayoutAccountChange, RoleGrant
from marketplace.participants.payout_accounts import is_holder, usable_from
from marketplace.participants.tasks import sweep
from tests.poison import RUNS, aside, let_pauses_pass, poisoned

from . import factories
from .accounts import OTHER_ACCOUNT, settled, signed_in

pytestmark = pytest.mark.django_db


def broken() -> dict[str, list[dict[str, Any]]]:
    """The invariants of participants that do not hold."""
    return {name: found for name, found in verify_all("participants").items() if found}


PATH = "/api/v1/payout-account-changes/"
FRIDAY = datetime(2026, 4, 24, 1, tzinfo=UTC)


@pytest.fixture
def operator():
    return factories.operator()


@pytest.fixture
def seller(operator):
    clock.move_to(FRIDAY, running=False)
    return factories.organisation("売", payout_account=factories.PAYOUT_ACCOUNT)


@pytest.fixture
def owner(seller):
    return factories.person_of(seller, "owner", ["owner"])


@pytest.fixture
def colleague(seller, owner):
    person = factories.person_of(seller, "colleague", ["finance"])
    settled(person)
    return person


@pytest.fixture
def staff(operator):
    return [factories.person_of(operator, f"staff{number}", ["admission"]) for number in range(2)]


def propose(person, account=OTHER_ACCOUNT):
    return signed_in(person).post(PATH, {"payout_account": account}, format="json")


def proposed(person, account=OTHER_ACCOUNT) -> str:
    answer = propose(person, account)
    assert answer.status_code == 201, answer.json()
    return answer.json()["id"]


def confirm(person, change):
    return signed_in(person).post(f"{PATH}{change}/confirm/")


def stop(person, change, reason="心当たりがない"):
    return signed_in(person).post(f"{PATH}{change}/stop/", {"reason": reason}, format="json")


def used_on(seller, day) -> str:
    return payout_queries.payout_accounts_on(day, [seller.pk])[seller.pk].account_number


def test_a_changed_account_is_used_after_five_business_days(seller, owner, colleague):
    change = proposed(owner)
    assert used_on(seller, date(2026, 12, 31)) == "1234567"
    answer = confirm(colleague, change)
    assert (answer.status_code, answer.json()["state"], answer.json()["usable_from"]) == (
        200,
        "confirmed",
        "2026-05-07",
    )
    assert used_on(seller, date(2026, 5, 6)) == "1234567"
    assert used_on(seller, date(2026, 5, 7)) == "7777777"
    profile = signed_in(owner).get(f"/api/v1/organisations/{seller.public_id}/profile/").json()
    assert profile["payout_account"]["account_number"] == "1234567"
    clock.move_to(datetime(2026, 5, 6, 15, tzinfo=UTC), running=False)
    profile = signed_in(owner).get(f"/api/v1/organisations/{seller.public_id}/profile/").json()
    assert profile["payout_account"]["account_number"] == "7777777"
    assert broken() == {}


def test_each_step_is_in_evidence_and_told_without_the_account(seller, owner, colleague):
    change = proposed(owner)
    confirm(colleague, change)
    stop(owner, change)
    told = OutboxEvent.objects.filter(type__startswith="payout_account.").order_by("pk")
    assert [event.type for event in told] == [
        "payout_account.proposed",
        "payout_account.confirmed",
        "payout_account.ended",
    ]
    kinds = EvidenceRecord.objects.filter(subject=change).order_by("pk")
    assert list(kinds.values_list("kind", "actor")) == [
        ("participants.payout_account_proposed", owner.public_id),
        ("participants.payout_account_confirmed", colleague.public_id),
        ("participants.payout_account_stopped", owner.public_id),
    ]
    shown = repr([event.data for event in told]) + repr(list(kinds.values_list("payload")))
    assert not [word for word in ("7777777", "0009", "ｻﾝﾎﾟ") if word in shown]


def test_nobody_confirms_alone(seller, owner, colleague, operator, staff):
    change = proposed(owner)
    auditor = factories.person_of(seller, "auditor", ["auditor"])
    stranger = factories.person_of(factories.organisation("他"), "stranger", ["owner"])
    for person, status, code in (
        (owner, 403, "forbidden"),
        (auditor, 403, "permission_needed"),
        (stranger, 404, "missing"),
        (staff[0], 409, "colleague_confirms"),
    ):
        answer = confirm(person, change)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    old = factories.client_of(seller, person=colleague, proved_seconds_ago=700)
    assert old.post(f"{PATH}{change}/confirm/").json()["code"] == "proof_needed"
    assert PayoutAccountChange.objects.get(public_id=change).state == "proposed"
    assert confirm(colleague, change).status_code == 200
    assert confirm(colleague, change).json()["code"] == "illegal_transition"


def test_programs_and_the_operator_change_no_account(seller, owner, staff):
    program = factories.program_of(seller)
    for client in (program, signed_in(staff[0])):
        answer = client.post(PATH, {"payout_account": OTHER_ACCOUNT}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_needed")
    assert PayoutAccountChange.objects.count() == 1


def test_one_change_is_under_way(seller, owner, colleague):
    change = proposed(owner)
    assert propose(colleague).json()["code"] == "payout_change_under_way"
    confirm(colleague, change)
    assert propose(owner).json()["code"] == "payout_change_under_way"
    clock.move_to(datetime(2026, 5, 7, 1, tzinfo=UTC), running=False)
    assert propose(owner).json()["code"] == "account_in_use"
    assert propose(owner, factories.PAYOUT_ACCOUNT).status_code == 201


@pytest.mark.parametrize(
    ("account", "field"),
    [
        ({"bank_code": "12"}, "payout_account.bank_code"),
        ({"account_number": "１２３４５６７"}, "payout_account.account_number"),
        ({"account_holder_kana": "讃岐"}, "payout_account.account_holder_kana"),
    ],
)
def test_a_fault_in_an_account_is_named(owner, colleague, account, field):
    answer = propose(owner, OTHER_ACCOUNT | account)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert PayoutAccountChange.objects.count() == 1


def test_any_owner_stops_it_while_it_waits(seller, owner, colleague):
    second = factories.person_of(seller, "second", ["owner"])
    change = proposed(owner)
    confirm(colleague, change)
    assert stop(second, change, " ").status_code == 422
    clock.move_to(datetime(2026, 5, 6, 14, 59, tzinfo=UTC), running=False)
    assert stop(second, change).json()["state"] == "stopped"
    assert used_on(seller, date(2026, 12, 31)) == "1234567"
    assert stop(second, change).json()["code"] == "illegal_transition"
    assert propose(owner).status_code == 201


def test_what_is_used_is_not_stopped(seller, owner, colleague):
    change = proposed(owner)
    confirm(colleague, change)
    clock.move_to(datetime(2026, 5, 6, 15, tzinfo=UTC), running=False)
    first = PayoutAccountChange.objects.get(is_registered=True).public_id
    for row in (change, first):
        assert stop(owner, row).json()["code"] == "account_in_use"
    stranger = factories.person_of(factories.organisation("他"), "stranger", ["owner"])
    assert stop(stranger, change).status_code == 404


def test_what_nobody_confirms_lapses(seller, owner, colleague):
    change = proposed(owner)
    clock.move_to(FRIDAY + timedelta(days=14), running=False)
    assert sweep() == 0
    clock.move_to(FRIDAY + timedelta(days=15), running=False)
    assert confirm(colleague, change).json()["code"] == "illegal_transition"
    assert sweep() == 1
    row = PayoutAccountChange.objects.get(public_id=change)
    assert (row.state, row.ended_by) == ("lapsed", "system")
    assert broken() == {}


def test_a_change_that_cannot_lapse_stands_aside(operator, seller, owner, colleague):
    change = proposed(owner)
    clock.move_to(FRIDAY + timedelta(days=15), running=False)
    with poisoned("participants_payoutaccountchange", "NEW.state = 'lapsed'"):
        assert sum(sweep() for _ in range(RUNS)) == 0
    assert aside("participants.lapse_payout_accounts") == [change]
    let_pauses_pass()
    assert sweep() == 1


def test_a_participant_of_one_person_needs_two_of_the_operator(seller, owner, operator, staff):
    change = proposed(owner)
    event = OutboxEvent.objects.get(type="payout_account.proposed")
    assert event.data["by_staff"] is True
    clearing = factories.person_of(operator, "clearing", ["clearing"])
    assert confirm(clearing, change).status_code == 403
    assert confirm(staff[0], change).json()["state"] == "proposed"
    assert confirm(staff[0], change).json()["code"] == "forbidden"
    answer = confirm(staff[1], change).json()
    assert (answer["state"], answer["reviewed_by"], answer["confirmed_by"], answer["usable_from"]) == (
        "confirmed",
        staff[0].public_id,
        staff[1].public_id,
        "2026-05-07",
    )
    assert broken() == {}


def test_the_holder_is_the_participant_itself_where_nobody_else_confirms(seller, owner):
    answer = propose(owner, OTHER_ACCOUNT | {"account_holder_kana": "ベツノカイシヤ"})
    assert (answer.status_code, answer.json()["code"]) == (422, "holder_differs")
    assert propose(owner, OTHER_ACCOUNT | {"account_holder_kana": "カ)サンポ"}).status_code == 201


def test_who_is_left_alone_gets_no_stranger_s_account_confirmed(seller, owner, colleague, staff):
    change = proposed(owner, OTHER_ACCOUNT | {"account_holder_kana": "ベツノカイシヤ"})
    Membership.objects.filter(user=colleague).update(ended_at=clock.now())
    assert confirm(staff[0], change).json()["code"] == "holder_differs"
    assert PayoutAccountChange.objects.get(public_id=change).reviewed_by is None


def test_with_a_colleague_meanwhile_staff_no_longer_confirm(seller, owner, staff):
    change = proposed(owner)
    assert confirm(staff[0], change).status_code == 200
    late = factories.person_of(seller, "late", ["finance"])
    assert confirm(staff[1], change).json()["code"] == "colleague_confirms"
    too_new = confirm(late, change).json()
    assert (too_new["code"], too_new["confirms_from"]) == ("role_too_new", "2026-05-01T10:00+09:00")
    clock.move_to(FRIDAY + timedelta(days=7), running=False)
    assert confirm(late, change).json()["state"] == "confirmed"
    assert broken() == {}


def test_the_only_login_lets_nobody_in_who_confirms_at_once(seller, owner):
    puppet = factories.join(
        factories.person_of(factories.organisation("他"), "puppet"), seller, "finance"
    ).user
    change = proposed(owner, OTHER_ACCOUNT | {"account_holder_kana": "ベツノカイシヤ"})
    client = factories.client_of(seller, person=puppet)
    client.credentials(
        HTTP_AUTHORIZATION=client._credentials["HTTP_AUTHORIZATION"], HTTP_SANPO_ORGANISATION=seller.public_id
    )
    assert client.post(f"{PATH}{change}/confirm/").json()["code"] == "role_too_new"
    assert PayoutAccountChange.objects.get(public_id=change).state == "proposed"
    assert broken() == {}


def test_a_name_stated_together_with_the_account_is_no_holder(seller, owner, staff):
    stated = {
        "facts": {"name_kana": "ベツノカイシャ"},
        "document": "履歴事項全部証明書",
        "document_sha256": "0" * 64,
    }
    assert signed_in(owner).post("/api/v1/fact-changes/", stated, format="json").status_code == 201
    account = OTHER_ACCOUNT | {"account_holder_kana": "ベツノカイシヤ"}
    assert propose(owner, account).json()["code"] == "holder_differs"
    clock.move_to(FRIDAY + timedelta(days=7), running=False)
    change = proposed(owner, account)
    assert [confirm(person, change).json()["state"] for person in staff] == ["proposed", "confirmed"]
    assert broken() == {}


@pytest.mark.parametrize(("day", "used"), [(6, "2026-06-12"), (7, "2026-06-12"), (8, "2026-06-15")])
def test_an_account_is_confirmed_on_any_day_of_the_week(seller, owner, colleague, day, used):
    clock.move_to(datetime(2026, 6, day, 1, tzinfo=UTC), running=False)
    answer = confirm(colleague, proposed(owner))
    assert (answer.status_code, answer.json()["usable_from"]) == (200, used)
    assert broken() == {}


def test_who_proposed_it_and_lost_the_role_proposed_nothing(seller, owner, colleague):
    other = factories.person_of(seller, "other", ["finance"])
    change = proposed(other)
    RoleGrant.objects.filter(membership__user=other).update(revoked_at=clock.now())
    answer = confirm(colleague, change)
    assert (answer.status_code, answer.json()["code"]) == (409, "first_person_gone")
    assert stop(owner, change).json()["state"] == "stopped"
    assert broken() == {}


def test_what_a_first_of_staff_said_counts_while_it_may_say_so(seller, owner, staff):
    change = proposed(owner)
    assert confirm(staff[0], change).json()["reviewed_by"] == staff[0].public_id
    RoleGrant.objects.filter(membership__user=staff[0]).update(revoked_at=clock.now())
    assert confirm(staff[1], change).json()["code"] == "first_person_gone"
    assert PayoutAccountChange.objects.get(public_id=change).state == "proposed"


def test_what_each_may_read(seller, owner, colleague, staff, django_assert_num_queries):
    change = proposed(owner)
    stranger = factories.person_of(factories.organisation("他"), "stranger", ["owner"])
    assert {row["id"] for row in signed_in(colleague).get(PATH).json()["results"]} >= {change}
    for other in (stranger, staff[0]):
        assert signed_in(other).get(PATH).json()["results"] == []
        assert signed_in(other).get(f"{PATH}{change}/").status_code == 404
    trader = factories.person_of(seller, "trader", ["trader"])
    assert signed_in(trader).get(PATH).status_code == 403
    profile = f"/api/v1/organisations/{seller.public_id}/profile/"
    support = factories.person_of(Organisation.objects.get(is_operator=True), "support", ["support"])
    for person, account in ((trader, None), (support, None), (colleague, "1234567"), (staff[0], "1234567")):
        shown = signed_in(person).get(profile).json()["payout_account"]
        assert (shown and shown["account_number"]) == account
    assert signed_in(trader).get("/api/v1/me/").json()["organisation"]["payout_account"] is None


def test_staff_read_what_they_confirm(seller, owner, staff):
    change = proposed(owner)
    assert [row["id"] for row in signed_in(staff[0]).get(PATH).json()["results"]] == [change]


@pytest.mark.parametrize(
    ("confirmed", "day"),
    [("2026-04-24", "2026-05-07"), ("2026-04-25", "2026-05-07"), ("2026-12-28", "2027-01-06")],
)
def test_the_waiting_time_knows_the_calendar(confirmed, day):
    assert usable_from(date.fromisoformat(confirmed)) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("holder", "name", "same"),
    [
        ("ｶ)ｻﾝﾎﾟ", "カブシキガイシャ　サンポ", True),
        ("ｻﾝﾎﾟ(ｶ", "ｻﾝﾎﾟ", True),
        ("SANPO", "Sanpo", True),
        ("ｻﾝﾎﾟ", "三方", False),
        ("ｻﾝﾎﾟ2", "サンポ", False),
        ("ｶ)", "カ)", False),
    ],
)
def test_holders_are_compared_without_their_legal_form(holder, name, same):
    assert is_holder(holder, [name]) is same
