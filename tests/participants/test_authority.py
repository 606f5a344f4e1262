"""An organisation states limits of authority: less at once, more by two owners and after a business day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.authority import AuthorityLimitStated
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.invariants import verify_all
from marketplace.notices.handlers.authority import on_authority_limit_stated
from marketplace.participants import services
from marketplace.participants.models import AuthorityLimit, Organisation
from tests.notices.factories import handle, notice_titles

from . import factories
from .authority import colleague, limit

pytestmark = pytest.mark.django_db

PATH = "/api/v1/authority-limits/"
FRIDAY = datetime(2026, 4, 24, 1, tzinfo=UTC)
TUESDAY = datetime(2026, 4, 27, 15, tzinfo=UTC)
"""The beginning of 28 April in Japan."""


@pytest.fixture
def subject():
    factories.operator()
    clock.move_to(FRIDAY, running=False)
    return factories.organisation("売")


@pytest.fixture
def owner(subject):
    return colleague(subject, "owner", "owner")


@pytest.fixture
def second(subject, owner):
    return colleague(subject, "second", "owner")


def broken() -> dict[str, object]:
    return {name: found for name, found in verify_all("participants").items() if found}


def left_alone(error: type[Exception], call: Any, **fields: Any) -> None:
    """The call is refused, and no limit was stated."""
    before = list(AuthorityLimit.objects.values())
    with pytest.raises(error) as refusal:
        call()
    assert list(AuthorityLimit.objects.values()) == before
    for name, value in fields.items():
        assert refusal.value.fields[name] == value


def test_a_first_limit_holds_at_once(subject, owner, second):
    row = limit(owner, role="signatory", per_act_minor=100_000, per_month_minor=500_000)
    assert (row.effective_from, row.stated_by, row.approval) == (FRIDAY, owner.identifier, None)
    record = EvidenceRecord.objects.get(kind="participants.authority_limit_stated")
    assert (record.actor, record.payload["per_act_minor"]) == (owner.identifier, 100_000)
    event = OutboxEvent.objects.get(type="authority_limit.stated")
    handle(on_authority_limit_stated, AuthorityLimitStated(**event.data))
    assert notice_titles(subject) == ["決裁限度額が設定されました"]
    assert broken() == {}


def test_a_lower_limit_holds_at_once_and_a_higher_one_takes_two_and_waits(subject, owner, second):
    limit(owner, role="signatory", per_act_minor=100_000)
    limit(second, role="signatory", per_act_minor=50_000)
    higher = {"role": "signatory", "per_act_minor": 70_000}
    left_alone(SecondPersonNeeded, lambda: limit(owner, **higher))
    left_alone(SecondPersonNeeded, lambda: limit(owner, **higher))
    left_alone(SecondPersonNeeded, lambda: limit(second, role="signatory", per_act_minor=70_001))
    raised = limit(second, **higher)
    assert (raised.effective_from, raised.stated_by) == (TUESDAY, second.identifier)
    assert Approval.objects.get(pk=raised.approval_id).first_person == owner.identifier
    assert broken() == {}


def test_an_only_owner_raises_alone_and_waits(owner):
    limit(owner, role="trader", act="buy", per_month_minor=100_000)
    raised = limit(owner, role="trader", act="buy")
    assert (raised.effective_from, raised.per_month_minor, raised.approval) == (TUESDAY, None, None)
    assert broken() == {}


def test_a_limit_of_a_person_above_that_of_its_role_is_raised(subject, owner, second):
    member = colleague(subject, "boss")
    limit(owner, role="signatory", per_act_minor=100_000)
    left_alone(SecondPersonNeeded, lambda: limit(owner, person=member.identifier, per_act_minor=100_001))
    assert limit(owner, person=member.identifier, per_act_minor=100_000).approval is None


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"act": "sell", "role": "signatory", "per_act_minor": 1}, "act"),
        ({"role": "trader", "per_act_minor": 1}, "role"),
        ({"role": "owner", "per_act_minor": 1}, "role"),
        ({"role": "trustee", "act": "buy", "per_act_minor": 1}, "role"),
        ({"per_act_minor": 1}, "role"),
        ({"role": "signatory", "person": "usr_x", "per_act_minor": 1}, "role"),
        ({"role": "signatory", "currency": "円", "per_act_minor": 1}, "currency"),
        ({"role": "signatory", "per_act_minor": -1}, "per_act_minor"),
        ({"role": "signatory", "per_month_minor": 10**13}, "per_month_minor"),
        ({"role": "signatory"}, "per_act_minor"),
    ],
)
def test_what_is_no_limit_is_refused_by_its_field(owner, stated, field):
    with pytest.raises(FieldInvalid) as refusal:
        limit(owner, **stated)
    assert (refusal.value.name, AuthorityLimit.objects.count()) == (field, 0)


def test_only_owners_of_the_organisation_state_limits_of_its_members(subject, owner):
    stranger = colleague(factories.organisation("他"), "stranger", "owner")
    signatory = colleague(subject, "signatory")
    stated = {"role": "signatory", "per_act_minor": 1}
    left_alone(PermissionNeeded, lambda: limit(signatory, **stated))
    left_alone(Missing, lambda: limit(owner, person=stranger.identifier, per_act_minor=1))
    staff = factories.actor_for(Organisation.objects.get(is_operator=True), "usr_desk")
    left_alone(Forbidden, lambda: limit(staff, **stated))
    program = factories.actor_for(subject, "app_test")
    left_alone(Forbidden, lambda: services.state_authority_limit(actor=program, act="sign", **stated))
    stale = factories.actor_of(
        factories.person_of(subject, "stale", ("owner",)),
        proved_seconds_ago=timedelta(hours=1).total_seconds(),
    )
    left_alone(ProofNeeded, lambda: services.state_authority_limit(actor=stale, act="sign", **stated))


def test_over_http_an_organisation_sees_its_own_limits_alone(subject, owner):
    clock.let_run()
    client = factories.client_of(subject, roles=("owner",))
    made = client.post(PATH, {"act": "sign", "role": "signatory", "per_act_minor": 100_000}, format="json")
    assert made.status_code == 201, made.json()
    assert (made.json()["role"], made.json()["currency"], made.json()["person"]) == ("signatory", "JPY", "")
    auditor = factories.client_of(subject, roles=("auditor",))
    assert [row["id"] for row in auditor.get(PATH).json()["results"]] == [made.json()["id"]]
    assert auditor.post(PATH, {"act": "sign", "role": "signatory", "per_act_minor": 1}).status_code == 403
    row = f"{PATH}{made.json()['id']}/"
    assert auditor.get(row).status_code == 200
    operator = Organisation.objects.get(is_operator=True)
    for other in (factories.organisation("他"), operator):
        theirs = factories.client_of(other)
        assert (theirs.get(row).status_code, theirs.get(PATH).json()["results"]) == (404, [])
    wrong = client.post(PATH, {"act": "sign", "role": "trader", "per_act_minor": 1}, format="json")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "role")
    raised = client.post(PATH, {"act": "sign", "role": "signatory"}, format="json")
    assert (raised.status_code, raised.json()["code"]) == (409, "second_person_needed")
    assert Approval.objects.get().command == "participants.raise_authority_limit"
