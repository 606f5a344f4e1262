"""Opens and closes tasks of the operator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import OrganisationView, operator_organisation
from marketplace.participants.suspension_queries import insolvency_without_trustee

from .services import close_tasks, open_task
from .states import TaskKind
from .texts import TASK_TITLES, fill_label

NEEDS: Final[Mapping[str, Permission]] = {
    "bct": Permission.CLEARING_WRITE,
    "bke": Permission.CLEARING_WRITE,
    "bsi": Permission.CLEARING_WRITE,
    "rst": Permission.CLEARING_WRITE,
    "sgc": Permission.CLEARING_WRITE,
    "sor": Permission.CLEARING_WRITE,
    "stl": Permission.CLEARING_WRITE,
    "dsp": Permission.DISPUTES_WRITE,
    "lhd": Permission.DISPUTES_WRITE,
    "lck": Permission.ADMISSION_WRITE,
    "qlf": Permission.ADMISSION_WRITE,
    "rcv": Permission.ADMISSION_WRITE,
    "reg": Permission.ADMISSION_WRITE,
    "rvw": Permission.ADMISSION_WRITE,
    "scr": Permission.ADMISSION_WRITE,
}
"""By the prefix of a subject that not all staff reads: the permission of who does the task about it."""


def ask_operator(
    kind: TaskKind,
    subject: str,
    *,
    thread: str = "",
    deadline: datetime | None = None,
    title: Label | None = None,
    needs: Permission | None = None,
    **words: str | dict[str, str],
) -> None:
    """Open a task of the operator; its thread is its subject, and its title that of its kind, unless stated.

    ``needs``: the permission without which nobody but the auditor reads it; that of its subject (``NEEDS``), unless stated.
    """
    open_task(
        organisation_id=operator_organisation().id,
        kind=kind,
        subject=subject,
        thread=thread or subject,
        title=fill_label(title or TASK_TITLES[kind], **words),
        deadline=deadline,
        needs=needs or NEEDS.get(subject.partition("_")[0]),
    )


def finish_for_operator(kind: TaskKind, thread: str) -> None:
    """Close the tasks of a kind and thread that the operator has."""
    close_tasks(thread=thread, kinds=(kind,), done_by=operator_organisation().id)


def ask_for_trustee(party: OrganisationView) -> None:
    """Open the operator's task to enter the trustee of an organisation for which nobody acts, if it is one."""
    if suspension := insolvency_without_trustee(party.id):
        ask_operator(TaskKind.APPOINT, suspension, party=party.name, suspension=suspension)
