"""The texts of notices about people and programs, in both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label

from .texts import Wording

WAITING: dict[str, Label] = {
    "invite": Label("an invitation", "招待"),
    "grant": Label("a role is granted", "役割の付与"),
    "revoke": Label("a role is revoked", "役割の取消し"),
    "end": Label("a membership ends", "所属の終了"),
    "reset": Label("a second factor is reset", "二要素認証の再設定"),
}
"""What waits for a second owner."""

JOINED = Wording(
    Label("A person joined your organisation", "構成員が加わりました"),
    Label(
        "{person} accepted an invitation (member {member}). If none of you invited this person, end the membership at once.",
        "{person} が招待を承諾しました（構成員 {member}）。心当たりのない場合は、直ちに所属を終了してください。",
    ),
)
CHANGED: dict[str, Wording] = {
    "grant": Wording(
        Label("A member has the role {role} now", "構成員に役割「{role}」が付与されました"),
        Label(
            "{person} (member {member}) got the role {role}; {by} decided it.",
            "{person}（構成員 {member}）に役割「{role}」が付与されました（決定: {by}）。",
        ),
    ),
    "revoke": Wording(
        Label("A member has lost the role {role}", "構成員の役割「{role}」が取り消されました"),
        Label(
            "{person} (member {member}) has the role {role} no more; {by} decided it.",
            "{person}（構成員 {member}）の役割「{role}」が取り消されました（決定: {by}）。",
        ),
    ),
    "end": Wording(
        Label("A person left your organisation", "構成員の所属が終了しました"),
        Label(
            "{person} (member {member}) acts for you no more; {by} decided it. What it alone answered for has a task.",
            "{person}（構成員 {member}）の所属が終了しました（決定: {by}）。責任者であったプログラムはタスクに示します。",
        ),
    ),
}
PROGRAM: dict[str, Wording] = {
    "created": Wording(
        Label("A program acts for your organisation", "プログラムが作成されました"),
        Label(
            "The program {program} was made. If none of you wanted it, revoke it.",
            "プログラム {program} が作成されました。心当たりのない場合は失効させてください。",
        ),
    ),
    "rotated": Wording(
        Label("The secret of a program was rotated", "プログラムのシークレットが更新されました"),
        Label(
            "The program {program} has a new secret.", "プログラム {program} のシークレットを更新しました。"
        ),
    ),
    "revoked": Wording(
        Label("A program was revoked", "プログラムが失効しました"),
        Label(
            "The program {program} and its tokens are good for nothing any more.",
            "プログラム {program} とそのトークンは使用できなくなりました。",
        ),
    ),
    "narrowed": Wording(
        Label("A program may do less", "プログラムの権限が絞られました"),
        Label("The program {program} has fewer scopes.", "プログラム {program} の権限を絞りました。"),
    ),
    "offered": Wording(
        Label("A program is offered to another person", "プログラムの責任者の変更が提案されました"),
        Label(
            "Whoever was named takes the program {program} over (applications/{program}/take-over/).",
            "指定された方は、プログラム {program} を引き受けてください（applications/{program}/take-over/）。",
        ),
    ),
    "taken_over": Wording(
        Label("Another person answers for a program", "プログラムの責任者が変わりました"),
        Label("The program {program} was taken over.", "プログラム {program} の責任者が変更されました。"),
    ),
}
LOGIN: dict[str, Wording] = {
    "locked": Wording(
        Label("The login of a member is locked", "構成員のログインが停止されました"),
        Label(
            "The operator locked the login of {person} (member {member}) on suspicion ({cause}). Its programs have stopped.",
            "第三者による利用の疑いにより、{person}（構成員 {member}）のログインが停止されました（{cause}）。責任者であるプログラムも"
            "停止しています。",
        ),
    ),
    "released": Wording(
        Label("The login of a member is good again", "構成員のログイン停止が解除されました"),
        Label(
            "Two people of the operator released the login of {person} (member {member}, {cause}).",
            "運営者の二人の担当者が {person}（構成員 {member}、{cause}）のログイン停止を解除しました。",
        ),
    ),
    "reset_asked": Wording(
        Label("A member's second factor will be taken away", "構成員の二要素認証が解除されます"),
        Label(
            "An owner asked to reset the second factor of {person} (member {member}). Any owner can stop it within 24 hours"
            " ({cause}).",
            "{person}（構成員 {member}）の二要素認証の再設定が申請されました。24時間以内であれば、いずれの代表管理者も中止できます"
            "（{cause}）。",
        ),
    ),
    "reset_done": Wording(
        Label("A member's second factor was taken away", "構成員の二要素認証を解除しました"),
        Label(
            "{person} (member {member}) sets up another one ({cause}).",
            "{person}（構成員 {member}）は二要素認証を再設定します（{cause}）。",
        ),
    ),
    "reset_stopped": Wording(
        Label("A member's second factor stays", "構成員の二要素認証は維持されます"),
        Label(
            "The reset of the second factor of {person} (member {member}) was stopped ({cause}).",
            "{person}（構成員 {member}）の二要素認証の再設定は中止されました（{cause}）。",
        ),
    ),
}
RECOVERY_STEPS: dict[str, Label] = {
    "filed": Label("review its evidence", "証拠書類を審査してください"),
    "proposed": Label(
        "confirm it as another person, or refuse it", "別の担当者として確認するか、不承認としてください"
    ),
    "objected": Label(
        "somebody objected; find out, and refuse it", "異議がありました。確認のうえ不承認としてください"
    ),
}
RECOVERY: dict[str, Wording] = {
    "waiting": Wording(
        Label("Your owners are to be replaced", "代表管理者の変更手続が開始されました"),
        Label(
            "Two people of the operator accepted that your owners are lost ({recovery}). If this is wrong, object until"
            " {until} (owner-recoveries/{recovery}/object/). One objection stops it.",
            "代表管理者と連絡が取れないとの申請が、運営者の二人の担当者に認められました（{recovery}）。誤りがある場合は {until} までに"
            "異議を申し立ててください（owner-recoveries/{recovery}/object/）。一件の異議で手続は停止します。",
        ),
    ),
    "objected": Wording(
        Label("The replacement of your owners was stopped", "代表管理者の変更手続は異議により停止しました"),
        Label(
            "Somebody objected to {recovery}; the waiting time until {until} runs no more.",
            "{recovery} に異議が申し立てられました（待機期間 {until} まで）。手続は停止しています。",
        ),
    ),
    "concluded": Wording(
        Label("A new owner is invited", "新しい代表管理者を招待しました"),
        Label(
            "Nobody objected to {recovery} until {until}. The owners before lose that role when the new one joins.",
            "{recovery} に対する異議は {until} までにありませんでした。新しい代表管理者が承諾すると、従前の代表管理者はその役割を失います。",
        ),
    ),
}
