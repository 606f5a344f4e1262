"""The texts of notices about attachments, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .texts import Wording

WHOLE = Label("all of it", "全額")

PAYEES: dict[str, Label] = {
    "creditor": Label("the attaching creditor", "差押債権者"),
    "public_office": Label("the office that attached it", "滞納処分をした行政機関"),
    "court": Label("the court", "裁判所"),
    "deposit_office": Label("the deposit office", "供託所"),
}

CLAIM_ATTACHED = Wording(
    Label("What the market owes you is attached", "市場に対する受取債権が差し押さえられました"),
    Label(
        "An attachment ({reference}) of what is due to you was served on the market: {amount}. Planned payments to you that it"
        " reaches are held back until it is followed or ends. Ask the court or office that ordered it.",
        "お客様の受取債権に対する差押え（{reference}、対象: {amount}）が市場に送達されました。対象となるお支払い予定は、命令に"
        "従った支払いまたは差押えの終了まで保留されます。お問い合わせは発令した裁判所・行政機関へお願いします。",
    ),
)
ATTACHMENT_PAID = Wording(
    Label("{amount} due to you is paid to a creditor", "差押えにより {amount} を支払います"),
    Label(
        "{amount} of the payment {taken_from} that was due to you is paid to {payee}, as the order says (payment {payment})."
        " What remains of it is planned to you anew.",
        "お支払い予定 {taken_from} のうち {amount} を、命令に従い{payee}へ支払います（支払 {payment}）。残額のお支払いはあらためて"
        "予定しました。",
    ),
)
ATTACHMENT_LIFTED = Wording(
    Label("An attachment of what is due to you has ended", "受取債権の差押えが終了しました"),
    Label(
        "Planned payments that only this attachment held back are sent to you with the next transfer file.",
        "この差押えのみにより保留していたお支払い予定は、次回の振込で送付します。",
    ),
)
