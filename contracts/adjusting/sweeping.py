"""Asks the operator for values of indices by which prices are adjusted next."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from marketplace.kernel.aside import Loop
from marketplace.kernel.permissions import Permission
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.queries import open_subjects
from marketplace.notices.states import TaskKind

from .locks import INDEX_LOCK
from .queries import unfed_indices
from .words import UNFED

ABOUT: Final = "idx_"
"""Before the code of an index, the subject of the task about it."""
ATTEND = Loop("contracts.attend_indices")


def attend_indices() -> int:
    """Ask the operator for every index that has no value as of its last period, once, and no more where it has; returns how many tasks
    were opened or closed."""
    asked = set(open_subjects(TaskKind.LOOK_INTO, ABOUT))
    unfed = {f"{ABOUT}{index}" for index in unfed_indices()}
    return ATTEND.each(sorted(asked ^ unfed), lambda subject: attend_index(subject.removeprefix(ABOUT)))


@transaction.atomic
def attend_index(index: str) -> bool:
    """Ask the operator for the value of one index, or close the task about it."""
    INDEX_LOCK.share_for(index)
    since = unfed_indices().get(index)
    if since is None:
        finish_for_operator(TaskKind.LOOK_INTO, f"{ABOUT}{index}")
    else:
        ask_operator(
            TaskKind.LOOK_INTO,
            f"{ABOUT}{index}",
            title=UNFED,
            needs=Permission.DISPUTES_WRITE,
            index=index,
            since=since.isoformat(),
        )
    return True
