"""How many questions to the desk are overdue."""

from __future__ import annotations

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge, by_number

OVERDUE_ANSWERS = Gauge(
    name="oversight_overdue_answers",
    description="Questions to the consultation desk that were not answered in time.",
    read=by_number(
        "SELECT count(*) FROM oversight_consultation"
        " WHERE answered_at IS NULL AND withdrawn_at IS NULL AND due_at < business_now()"
    ),
)

Alarm(
    code="answers_overdue",
    gauge=OVERDUE_ANSWERS,
    above=0,
    title=Label("An answer of the consultation desk is overdue", "事前相談の回答期限を過ぎています"),
    action=Label(
        "Answer the questions that wait (consultations/?unanswered=true), the oldest first.",
        "未回答の相談（consultations/?unanswered=true）に、古いものから回答してください。",
    ),
)
