"""A task about what not all people of an organisation may read is read, and mailed, to those who may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.approvals import ApprovalAsked
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.notices.handlers import on_approval_asked
from marketplace.notices.models import MailMessage, Task
from marketplace.notices.operator_tasks import NEEDS, ask_operator
from marketplace.notices.states import TaskKind
from marketplace.oversight.seals.services import seal_record
from marketplace.participants.services import disqualify
from tests.oversight.factories import SEAL, record_about
from tests.participants import factories as parties
from tests.roles import assert_refused, unguarded

from .factories import handle

pytestmark = pytest.mark.django_db

ROLES = ("admission", "auditor", "clearing", "disputes", "rulebook", "support", "owner")
SECRET = {"admission", "auditor"}
"""Who decides about seals and disqualifications, and who audits it."""
ROLE = {
    Permission.ADMISSION_WRITE: "admission",
    Permission.CLEARING_WRITE: "clearing",
    Permission.DISPUTES_WRITE: "disputes",
}


@pytest.fixture
def operator():
    return parties.operator()


@pytest.fixture
def subject(operator):
    return parties.organisation("A")


@pytest.fixture
def first(operator):
    return parties.actor_for(operator, "usr_first")


@pytest.fixture
def staff(operator):
    """A client for each role of the operator, with the person's address."""
    people = {role: parties.person_of(operator, f"at-{role}", [role]) for role in ROLES}
    return {
        role: (parties.client_of(operator, person=person), person.email) for role, person in people.items()
    }


def asked(first, **command) -> str:
    """The approval that a command of two asks for, after the operator was told of it."""
    with pytest.raises(SecondPersonNeeded) as needed:
        command.pop("give")(actor=first, **command)
    approval = str(needed.value.fields["approval"])
    event = OutboxEvent.objects.get(type="approval.asked", subject=approval)
    handle(on_approval_asked, ApprovalAsked(**event.data))
    return approval


def readers(staff, about: str) -> set[str]:
    """The roles whose person finds something about ``about``, in lists or by mail."""
    found = set()
    for role, (client, address) in staff.items():
        lists = [client.get(f"/api/v1/{path}/") for path in ("approvals", "tasks")]
        assert [answer.status_code for answer in lists] == [200, 200]
        mail = MailMessage.objects.filter(address=address, title__contains=about).exists()
        if mail or any(about in answer.content.decode() for answer in lists):
            found.add(role)
    return found


def test_a_seal_and_its_reasons_are_read_by_who_seals_and_by_the_auditor(first, subject, staff):
    approval = asked(first, give=seal_record, record=record_about(subject), **SEAL)
    assert readers(staff, approval) == SECRET
    assert readers(staff, SEAL["legal_basis"]) == SECRET


def test_a_disqualification_is_read_by_who_decides_it_and_by_the_auditor(first, subject, staff):
    approval = asked(
        first,
        give=disqualify,
        organisation=subject.public_id,
        ground="misconduct",
        source="市場規則違反に関する処分通知",
        until=clock.today() + timedelta(days=300),
    )
    assert readers(staff, approval) == readers(staff, "処分通知") == SECRET


def test_the_task_of_a_sealed_record_is_read_by_who_seals_and_by_the_auditor(first, subject, staff, operator):
    record = record_about(subject)
    command = {"record": record, **SEAL}
    with pytest.raises(SecondPersonNeeded):
        seal_record(actor=first, **command)
    seal = seal_record(actor=parties.actor_for(operator, "usr_second"), **command)
    assert Task.objects.get(subject=seal.public_id).needs == "admission:write"
    assert readers(staff, record) == readers(staff, seal.public_id) == SECRET


ROUTES = {
    "bct": "balance-certificates",
    "bke": "bank-entries",
    "bsi": "statement-imports",
    "rst": "restorations",
    "sgc": "segregation-checks",
    "sor": "set-off-restraints",
    "stl": "settlement-instructions",
    "dsp": "disputes",
    "qlf": "qualifications",
    "lhd": "legal-holds",
    "lck": "login-locks",
    "rcv": "owner-recoveries",
    "reg": "registrations",
    "rvw": "reviews",
    "scr": "registrations",
}
"""Where staff reads what a task is about, by its prefix, if not all staff does."""
ABOUT = {
    TaskKind.ADMIT: "reg", TaskKind.CONFIRM: "reg", TaskKind.ASSESS: "scr", TaskKind.UNLOCK: "lck", TaskKind.RECOVER: "rcv",
    TaskKind.COUNTERSIGN: "bsi", TaskKind.CERTIFY: "bct", TaskKind.RECONCILE: "sgc", TaskKind.LOOK_UP: "stl", TaskKind.EXPLAIN: "bke",
    TaskKind.FOLLOW_ORDER: "sor", TaskKind.PAY_AGAIN: "stl", TaskKind.RELEASE: "lhd", TaskKind.LOOK_INTO: "rvw", TaskKind.REOPEN: "rst",
    TaskKind.RESOLVE: "dsp", TaskKind.REVIEW: "qlf",
}  # fmt: skip
"""What the operator's tasks are about that not all staff reads; of those to look, and to approve, the narrowest."""
OPEN = {
    TaskKind.EXPEDITE, TaskKind.REPAIR, TaskKind.ATTEND, TaskKind.RECONNECT, TaskKind.FREEZE,
    TaskKind.APPOINT, TaskKind.REPORT, TaskKind.CONSULT, TaskKind.STAFF,
}  # fmt: skip
"""What they are about all staff reads."""
STATED = {TaskKind.APPEAL, TaskKind.REMEDY, TaskKind.DISCLOSE, TaskKind.VET_ACCOUNT}
"""Who opens them states who reads them."""
OF_PARTICIPANTS = {
    TaskKind.ANSWER, TaskKind.SIGN, TaskKind.FUND, TaskKind.STATE_SUPPLY, TaskKind.COLLECT, TaskKind.ACCEPT, TaskKind.SECOND,
    TaskKind.TAKE_OVER, TaskKind.RENEW, TaskKind.KEEP, TaskKind.DELETE,
}  # fmt: skip


def test_a_task_is_read_by_no_more_staff_than_what_it_is_about(staff):
    assert set(TaskKind) == {*ABOUT, *OPEN, *STATED, *OF_PARTICIPANTS}
    assert set(ABOUT.values()) == set(ROUTES) == set(NEEDS)
    for kind, prefix in ABOUT.items():
        ask_operator(kind, f"{prefix}_{kind}", title=Label(f"see {prefix}_{kind}", f"{prefix}_{kind} の確認"))
        reading = readers(staff, f"{prefix}_{kind}")
        shown = {
            role
            for role, (client, _) in staff.items()
            if client.get(f"/api/v1/{ROUTES[prefix]}/").status_code == 200
        }
        assert (kind, reading) == (kind, {"auditor", ROLE[NEEDS[prefix]]})
        assert (kind, reading - shown) == (kind, set())


def test_what_needs_nothing_is_read_by_all_people(staff, operator):
    ask_operator(TaskKind.ATTEND, "alarm_x", alarm="x", instruction={"ja": "確認", "en": "look"})
    tasks = {role: client.get("/api/v1/tasks/").json()["results"] for role, (client, _) in staff.items()}
    assert {role for role, rows in tasks.items() if [row["subject"] for row in rows] == ["alarm_x"]} == set(
        ROLES
    )


def test_a_task_to_approve_that_everybody_reads_is_refused_and_named(first, subject, operator):
    approval = asked(first, give=seal_record, record=record_about(subject), **SEAL)
    known = Task.objects.get(subject=approval)
    other = Task(
        public_id="tsk_forged",
        organisation=operator,
        kind="countersign",
        subject=approval,
        thread=approval,
        title=known.title,
        state="done",
        opened_at=clock.now(),
        closed_at=clock.now(),
    )
    assert_refused(other.save, because="for who may approve it")
    assert_refused(lambda: Task.objects.filter(pk=known.pk).update(needs=""), because="cannot be changed")
    assert list(Task.objects.filter(subject=approval)) == [known]
    with unguarded("notices_task"):
        Task.objects.filter(pk=known.pk).update(needs="")
    assert REGISTER["notices.tasks_to_approve_are_for_who_may"].check() == [
        {"public_id": known.public_id, "subject": approval}
    ]
