"""Services of cases: open them, appeal, decide by two people, carry out, remind, and publish who is on call."""

from .appealing import file_appeal, withdraw_appeal
from .on_call import ask_for_people, publish_turn, withdraw_turn
from .opening import drop_cases, open_case
from .reminding import remind_of
from .rescreened import follow_rescreening, look_again
from .resolving import carry_out, resolve_case, waiting_for

__all__ = [
    "ask_for_people",
    "carry_out",
    "drop_cases",
    "file_appeal",
    "follow_rescreening",
    "look_again",
    "open_case",
    "publish_turn",
    "remind_of",
    "resolve_case",
    "waiting_for",
    "withdraw_appeal",
    "withdraw_turn",
]
