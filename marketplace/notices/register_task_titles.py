"""The titles of tasks of the operator's registers, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .states import TaskKind

REGISTER_TASK_TITLES: dict[TaskKind, Label] = {
    TaskKind.REPORT: Label(
        "Make the {duty} of incident {incident} by {due_on}, and record it",
        "事案 {incident} の{duty}を {due_on} までに行い、記録してください",
    ),
    TaskKind.CONSULT: Label(
        "Answer {party}, which asks the consultation desk beforehand ({consultation})",
        "{party} からの事前相談 {consultation} に回答してください",
    ),
    TaskKind.DELETE: Label(
        "Delete the data of {agreement} with its copies, and certify it",
        "{agreement} のデータを複製を含め消去し、消去証明を提出してください",
    ),
    TaskKind.LOOK_INTO: Label(
        "Look into {review}: {detector}", "検知事項 {review}（{detector}）を確認してください"
    ),
}
