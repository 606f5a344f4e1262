"""The plan of an agreement: its terms compiled into what is signed, shown in words, and executed. Public, pure.

``compiling`` makes it from the terms or names the term that cannot be carried out, ``model`` is its data by version,
``endings`` the table of every end, ``words`` the text of it in both languages.
"""

from .compiling import DEEMED_MINUTES, build_plan, compile_plan, plan_of
from .endings import ENDINGS
from .model import SUSPENSION_DAYS_MAX, VERSION, Money, Plan, PlanUnreadable, read_plan
from .words import plan_lines

__all__ = [
    "DEEMED_MINUTES",
    "ENDINGS",
    "SUSPENSION_DAYS_MAX",
    "VERSION",
    "Money",
    "Plan",
    "PlanUnreadable",
    "build_plan",
    "compile_plan",
    "plan_lines",
    "plan_of",
    "read_plan",
]
