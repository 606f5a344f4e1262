"""The texts of notices about keys and mandates, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .texts import Wording

KEY: dict[str, Wording] = {
    "registered": Wording(
        Label("A key signs for your organisation", "組織の署名鍵が登録されました"),
        Label(
            "{by} registered the key {key}. If none of you wanted it, revoke it at once.",
            "{by} が鍵 {key} を登録しました。心当たりのない場合は、直ちに失効させてください。",
        ),
    ),
    "revoked": Wording(
        Label("A key of your organisation was revoked", "組織の署名鍵が失効しました"),
        Label(
            "{by} revoked the key {key}. What it signed before stays valid; it signs nothing more.",
            "{by} が鍵 {key} を失効させました。それまでの署名は有効ですが、今後の署名には使用できません。",
        ),
    ),
}
MANDATE: dict[str, Wording] = {
    "signed": Wording(
        Label("A program may sign for your organisation", "プログラムによる署名が委任されました"),
        Label(
            "{by} signed the mandate {mandate} of the program {program}. If none of you wanted it, revoke it at once.",
            "{by} がプログラム {program} への委任 {mandate} に署名しました。心当たりのない場合は、直ちに取り消してください。",
        ),
    ),
    "revoked": Wording(
        Label("A mandate was revoked", "プログラムへの委任が取り消されました"),
        Label(
            "{by} revoked the mandate {mandate} of the program {program}. What it signed before stays valid.",
            "{by} がプログラム {program} への委任 {mandate} を取り消しました。それまでの署名は有効です。",
        ),
    ),
}
