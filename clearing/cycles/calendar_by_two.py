"""What two people approved of the calendar: conditions of one row, in SQL, for the guards and for the invariants."""

from __future__ import annotations

from typing import Final

PUBLISH_SCHEDULE: Final = "clearing.publish_schedule"
DECLARE_CLOSED_DAY: Final = "clearing.declare_closed_day"
WITHDRAW_CLOSED_DAY: Final = "clearing.withdraw_closed_day"


def _approved(command: str, fields: str) -> str:
    """The row states what the two people who gave ``command`` (SQL) approved, to the letter."""
    content = ", ".join(f"'{name}', {{row}}.{name}" for name in fields.split())
    return (
        "EXISTS (SELECT FROM public.approvals_approval a WHERE a.id = {row}.approval_id AND a.state = 'approved'"
        f" AND a.command = {command} AND a.ended_by = {{row}}.stated_by AND a.payload = jsonb_build_object({content}))"
    )


SCHEDULE_APPROVED = _approved(
    f"'{PUBLISH_SCHEDULE}'", "currency effective_from cut_off_times value_days overdue_minutes active"
)
CLOSED_DAY_APPROVED = _approved(
    f"CASE WHEN {{row}}.closed THEN '{DECLARE_CLOSED_DAY}' ELSE '{WITHDRAW_CLOSED_DAY}' END",
    "day currency name",
)
