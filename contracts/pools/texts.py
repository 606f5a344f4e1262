"""What is told about pools."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.notices.texts import Wording

from .states import VersionState

SIGN_VERSION = Label(
    "Sign the version of the pool {pool} that begins on {day}",
    "{day} に発効するプール {pool} の版に署名してください",
)
LEFT_OUT = Wording(
    Label("A version of the pool {pool} leaves you out", "プール {pool} の新しい版から除かれます"),
    Label(
        "Nobody may sign for you, so {version} leaves you out from {day} on (Japan time). If you appoint a signatory before, it needs your signature.",
        "貴組織には署名できる者がいないため、{version} は {day}（日本時間）から貴組織を除きます。それまでに署名者を置けば、貴組織の署名が必要になります。",
    ),
)
CLOSED = {
    VersionState.SIGNED: Wording(
        Label("The pool {pool} has a new version", "プール {pool} の新しい版が成立しました"),
        Label(
            "{version} is signed by everybody who must. Its shares are in force from {day} (Japan time).",
            "{version} に必要な署名がそろいました。配分は {day}（日本時間）から有効です。",
        ),
    ),
    VersionState.WITHDRAWN: Wording(
        Label("A version of the pool {pool} was withdrawn", "プール {pool} の版が撤回されました"),
        Label(
            "The lead withdrew {version}; the version before stays.",
            "代表者が {version} を撤回しました。従前の版が有効です。",
        ),
    ),
    VersionState.LAPSED: Wording(
        Label("A version of the pool {pool} lapsed", "プール {pool} の版が失効しました"),
        Label(
            "{version} was not signed by everybody before {day}, or a member left; the version before stays.",
            "{version} は {day} までに必要な署名がそろわなかったか、構成員の脱退により失効しました。従前の版が有効です。",
        ),
    ),
}
