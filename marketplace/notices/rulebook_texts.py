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
RESCREENED = Wording(
    Label(
        "The new rulebook would not admit you ({admission})",
        "新しい規程では参加承認の要件を満たしません（{admission}）",
    ),
    Label(
        "Your admission stands. Decision {decision} under rulebook {rulebook} states which rule is not met, at GET decisions/."
        " The operator reviews the admission; meet the rule before, or tell the operator why it should stay.",
        "参加承認は引き続き有効です。満たしていない規則は、規程 {rulebook} に基づく判定 {decision}（GET decisions/）に記載しています。"
        "運営者が審査しますので、それまでに要件を満たすか、承認を維持すべき事情を運営者にお知らせください。",
    ),
)
FACTS_CHANGED = Wording(
    Label(
        "You would not be admitted on your present facts ({admission})",
        "現在の登録内容では参加承認の要件を満たしません（{admission}）",
    ),
    Label(
        "Your admission stands. A qualification or another fact that it rested on is gone: decision {decision} under rulebook"
        " {rulebook} states which rule is not met, at GET decisions/. The operator reviews the admission; meet the rule before,"
        " or tell the operator why it should stay.",
        "参加承認は引き続き有効です。承認の前提となった資格等が失われています。満たしていない規則は、規程 {rulebook} に基づく判定"
        " {decision}（GET decisions/）に記載しています。運営者が審査しますので、それまでに要件を満たすか、承認を維持すべき事情を運営者に"
        "お知らせください。",
    ),
)
REVIEW_FACTS = Label(
    "{party} keeps an admission that it would not get on its present facts: review decision {decision}",
    "{party} の参加承認は現在の登録内容では要件を満たしません。判定 {decision} を確認してください",
)
"""The title of the operator's task."""
REVIEW_RESCREENED = Label(
    "{party} keeps an admission that the new rulebook would not give: review decision {decision}",
    "{party} の参加承認は新規程の要件を満たしません。判定 {decision} を確認してください",
)
"""The title of the operator's task."""
