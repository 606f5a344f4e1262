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
    TaskKind.STAFF: Label(
        "Fewer than two people are on call for {duty}, now or from the deadline on: name them",
        "{duty} の当番が二名未満です（期限がある場合はその時刻から）。当番を指定してください",
    ),
    TaskKind.RELEASE: Label(
        "Look at the halt {halt} with a colleague: lift it, or leave it for a stated reason. On call: {on_call}",
        "売買停止 {halt} を二名で確認し、解除または継続を判断してください。当番: {on_call}",
    ),
    TaskKind.REMEDY: Label(
        "Carry out the appeal {case} about {about}, and state how",
        "不服申立て {case}（{about}）の結果を実施し、その内容を記録してください",
    ),
}
