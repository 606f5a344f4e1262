"""Services of participants: register, admit, suspend, and give people and programs access."""

from .access import add_member, create_application
from .admissions import apply_for_admission, decide_admission, open_segment, withdraw_admission
from .facts import change_facts
from .organisations import (
    check_facts,
    declare_affiliation,
    register_organisation,
)
from .payout_accounts import (
    confirm_payout_account,
    lapse_payout_account,
    propose_payout_account,
    stop_payout_account,
)
from .suspensions import reinstate_participant, suspend_participant, suspended_participant
from .trustees import appoint_trustee, propose_trustee, withdraw_trustee

__all__ = [
    "add_member",
    "apply_for_admission",
    "appoint_trustee",
    "change_facts",
    "check_facts",
    "confirm_payout_account",
    "create_application",
    "decide_admission",
    "declare_affiliation",
    "lapse_payout_account",
    "open_segment",
    "propose_payout_account",
    "propose_trustee",
    "register_organisation",
    "reinstate_participant",
    "stop_payout_account",
    "suspend_participant",
    "suspended_participant",
    "withdraw_admission",
    "withdraw_trustee",
]
