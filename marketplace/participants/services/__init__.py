"""Services of participants: register, admit, suspend, and give people and programs access."""

from .access import add_member, create_application, issue_token
from .admissions import apply_for_admission, decide_admission, open_segment, withdraw_admission
from .organisations import (
    check_facts,
    declare_affiliation,
    register_organisation,
    reinstate_participant,
    suspend_participant,
    suspended_participant,
)

__all__ = [
    "add_member",
    "apply_for_admission",
    "check_facts",
    "create_application",
    "decide_admission",
    "declare_affiliation",
    "issue_token",
    "open_segment",
    "register_organisation",
    "reinstate_participant",
    "suspend_participant",
    "suspended_participant",
    "withdraw_admission",
]
