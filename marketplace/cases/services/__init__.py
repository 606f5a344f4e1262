"""Services of cases: open them, appeal, decide by two people, carry out, remind."""

from .appealing import file_appeal, withdraw_appeal
from .opening import drop_cases, open_case
from .reminding import remind_of
from .resolving import carry_out, resolve_case

__all__ = [
    "carry_out",
    "drop_cases",
    "file_appeal",
    "open_case",
    "remind_of",
    "resolve_case",
    "withdraw_appeal",
]
