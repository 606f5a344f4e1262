"""The titles of tasks about held cases and appeals, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .states import TaskKind

CASE_TASK_TITLES: dict[TaskKind, Label] = {
    TaskKind.REVIEW: Label(
        "Decide the held case {case} about {about} with a colleague",
        "保留案件 {case}（{about}）を二名で判断してください",
    ),
    TaskKind.APPEAL: Label(
        "Decide the appeal {case} about {about} with a colleague; neither decided it first",
        "不服申立て {case}（{about}）を、原判断に関与していない二名で判断してください",
    ),
    TaskKind.REMEDY: Label(
        "Carry out the appeal {case} about {about}, and state how",
        "不服申立て {case}（{about}）の結果を実施し、その内容を記録してください",
    ),
}
