"""What waits for a second person of the operator, or for the operator itself, is a task of its own."""

from __future__ import annotations

import pytest

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.schemas import approvals, clearing
from marketplace.kernel.permissions import Permission
from marketplace.notices import handlers
from marketplace.notices.models import Task
from tests.approvals.asking import ask
from tests.participants import factories as parties

from .factories import handle

pytestmark = pytest.mark.django_db

DEADLINE = "2025-10-08T09:00:00+00:00"


@pytest.fixture
def operator():
    return parties.operator()


@pytest.fixture
def approval(operator) -> str:
    """What a person of the operator asked."""
    with pytest.raises(SecondPersonNeeded) as needed:
        ask(parties.actor_for(operator, "usr_first"), Permission.CLEARING_WRITE)
    return str(needed.value.fields["approval"])


def test_a_large_amount_waits_for_somebody_else_of_the_operator(operator, approval):
    asked = approvals.ApprovalAsked(
        approval=approval,
        organisation=operator.public_id,
        command="clearing.transfer_file",
        of="cyc_1",
        amount_minor=2_200_000,
        currency="JPY",
        expires_at=DEADLINE,
    )
    handle(handlers.on_approval_asked, asked)
    (task,) = Task.objects.filter(organisation=operator, kind="countersign")
    assert (task.state, task.subject, task.deadline.isoformat()) == ("open", approval, DEADLINE)
    assert "2,200,000" in task.title["ja"]
    handle(
        handlers.on_approval_ended,
        approvals.ApprovalEnded(approval=approval, organisation=operator.public_id, state="approved"),
    )
    task.refresh_from_db()
    assert task.state == "done"


def test_a_command_without_an_amount_waits_for_somebody_else_too(operator, approval):
    asked = approvals.ApprovalAsked(
        approval=approval,
        organisation=operator.public_id,
        command="clearing.weaken_controls",
        of="rulebook",
        amount_minor=None,
        currency="",
        expires_at=DEADLINE,
    )
    handle(handlers.on_approval_asked, asked)
    title = Task.objects.get(kind="countersign").title
    assert title["en"].startswith(
        f"Approve clearing.weaken_controls (no amount, {approval}) as the second person"
    )
    assert "金額なし" in title["ja"]


def test_a_request_that_expired_was_done_by_nobody(operator, approval):
    asked = approvals.ApprovalAsked(
        approval=approval,
        organisation=operator.public_id,
        command="c",
        of="s",
        amount_minor=1,
        currency="JPY",
        expires_at=DEADLINE,
    )
    handle(handlers.on_approval_asked, asked)
    handle(
        handlers.on_approval_ended,
        approvals.ApprovalEnded(approval=approval, organisation=operator.public_id, state="expired"),
    )
    assert Task.objects.get(kind="countersign").state == "moot"


def test_a_bank_statement_with_large_receipts_waits_for_somebody_else_of_the_operator(operator):
    asked = clearing.StatementConfirmationNeeded(
        statement_import="bsi_1", amount_minor=2_200_000, currency="JPY"
    )
    for _ in range(2):
        handle(handlers.on_statement_confirmation_needed, asked)
    (task,) = Task.objects.filter(organisation=operator, kind="countersign")
    assert (task.state, task.subject, "2,200,000" in task.title["ja"]) == ("open", "bsi_1", True)
    ended = clearing.StatementConfirmationEnded(statement_import="bsi_1", state="confirmed")
    for _ in range(2):
        handle(handlers.on_statement_confirmation_ended, ended)
    task.refresh_from_db()
    assert task.state == "done"


def test_a_lost_payment_is_looked_up_until_it_is_found(operator):
    lost = clearing.PaymentLost(
        instruction="stl_1",
        reference="JPY00001-000001",
        amount_minor=10_450,
        currency="JPY",
        value_date="2026-12-07",
    )
    handle(handlers.on_payment_lost, lost)
    task = Task.objects.get(organisation=operator, kind="look_up")
    assert (task.state, "JPY00001-000001" in task.title["en"]) == ("open", True)
    handle(handlers.on_payment_found, clearing.PaymentFound(instruction="stl_1", state="confirmed"))
    task.refresh_from_db()
    assert task.state == "done"


def test_sending_shut_by_a_restoration_is_a_task_until_it_is_open_everywhere(operator):
    handle(handlers.on_sending_shut, clearing.SendingShut(restoration="rst_1", number=2))
    task = Task.objects.get(organisation=operator, kind="reopen")
    assert (task.state, "restoration 2" in task.title["en"], "復旧番号 2" in task.title["ja"]) == (
        "open",
        True,
        True,
    )
    for everywhere, state in ((False, "open"), (True, "done")):
        opened = clearing.SendingOpened(restoration="rst_1", currency="JPY", everywhere=everywhere)
        handle(handlers.on_sending_opened, opened)
        task.refresh_from_db()
        assert task.state == state
