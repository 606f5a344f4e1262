"""The texts of notices about the market's signing key, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .texts import Wording

ANNOUNCED = Wording(
    Label("The market's next signing key was announced", "市場の次の署名鍵が公表されました"),
    Label(
        "The market signs by key {key} from {moment} at the earliest. The key in force handed over to it: GET evidence/keys/ shows"
        " the history, once it signs. {announcement}",
        "市場は早ければ {moment} から鍵 {key} で署名します。現在の鍵による引継ぎがあり、署名開始後は GET evidence/keys/ に"
        "履歴が表示されます。{announcement}",
    ),
)
REPLACED = Wording(
    Label("The market replaces a lost or disclosed signing key", "紛失または漏えいした署名鍵を交換します"),
    Label(
        "The market signs by key {key} from now on. No key handed over to it, so ask the operator by another way before you trust"
        " it, and compare the checkpoints that you kept. {announcement}",
        "市場は今後、鍵 {key} で署名します。以前の鍵による引継ぎはありません。信頼する前に別の経路で運営者に確認し、"
        "保管しているチェックポイントと照合してください。{announcement}",
    ),
)
