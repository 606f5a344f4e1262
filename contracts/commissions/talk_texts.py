"""What is told about talks on the price of commissioned work."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

TALK = Label(
    "Answer, with reasons, the seller's request to talk about the price of {negotiation}",
    "{negotiation} の価格協議の求めに、理由を付して回答してください",
)
REMINDED = Wording(
    Label(
        "An answer on the price is due: {negotiation}", "価格協議への回答期限が近づいています: {negotiation}"
    ),
    Label(
        "Answer by {due} (Japan time): price-talks/{talk}/answer/. Silence, and a refusal without reasons, are flagged: the law forbids them.",
        "{due}（日本時間）までに回答してください（price-talks/{talk}/answer/）。回答しないこと、理由のない拒否は法令で禁じられており、記録に表示されます。",
    ),
)
ANSWERED = Wording(
    Label("The buyer answered on the price: {negotiation}", "価格協議への回答がありました: {negotiation}"),
    Label(
        "Read the answer and its reasons: price-talks/{talk}/.",
        "回答と理由を確認してください（price-talks/{talk}/）。",
    ),
)
UNANSWERED = Wording(
    Label(
        "A talk about the price was not answered: {negotiation}",
        "価格協議に回答がありませんでした: {negotiation}",
    ),
    Label(
        "The buyer has not answered {talk} in time; this is flagged, and the operator looks into it. It can still be answered.",
        "利用者は期限までに {talk} に回答しませんでした。その旨が記録に表示され、運営者が確認します。回答は引き続き可能です。",
    ),
)
DROPPED = Wording(
    Label("A talk about the price is over: {negotiation}", "価格協議が終了しました: {negotiation}"),
    Label(
        "{talk} needs no answer any more: the negotiation or its agreement is over.",
        "交渉または契約が終了したため、{talk} への回答は不要となりました。",
    ),
)
LOOK_INTO_TALK = Label(
    "Ask the buyer of {negotiation} why it has not answered the talk about the price {talk}. On call: {on_call}",
    "{negotiation} の利用者に、価格協議 {talk} に回答しない理由を確認してください。当番: {on_call}",
)
