"""The texts of notices about the rulebook, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .texts import Wording

PUBLISHED = Wording(
    Label("Version {number} of the rulebook was published", "規程の第{number}版が公表されました"),
    Label(
        "It takes effect at {moment}. Read it, and what it changes, at GET rulebooks/{rulebook}/. {why}",
        "施行日時は {moment} です。内容は GET rulebooks/{rulebook}/ でご確認ください。{why}",
    ),
)
WITH_NOTICE = Label(
    "Until then the version in force applies.",
    "それまでは現行の版が適用されます。",
)
AT_ONCE = Label(
    "It changes lists or tables of law only, so it takes effect without a notice period.",
    "法令上の名簿・表のみの変更のため、予告期間なしで施行されます。",
)
"""Why an urgent version takes effect at once."""
WITHDRAWN = Wording(
    Label("Version {number} of the rulebook will not take effect", "規程の第{number}版は施行されません"),
    Label(
        "Rulebook {rulebook} is not valid with what {urgent} changed at once in lists or tables of law. The operator publishes"
        " it anew, with its notice.",
        "規程 {rulebook} は、法令上の名簿・表を即時に変更した {urgent} と整合しないため施行されません。"
        "運営者が予告期間を置いて改めて公表します。",
    ),
)
DRAFT_ANEW = Label(
    "Version {number} of the rulebook was withdrawn by {urgent}: draft it anew",
    "規程の第{number}版は {urgent} により取り下げられました。改めて起案してください",
)
"""The title of the operator's task."""
