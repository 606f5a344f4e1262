"""Errors of participants."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class NotAdmitted(DomainError):
    """The organisation is not admitted to the segment in this capacity. Fields: ``segment, capacity``."""

    code = "not_admitted"
    category = Category.FORBIDDEN
    detail = Label(
        "You need an admission as {capacity} in the segment {segment}. Apply for one first.",
        "分野 {segment} への {capacity} としての参加承認が必要です。先に申請してください。",
    )


class NeverATrader(DomainError):
    """The operator and its affiliates are never buyer or seller of data. Fields: ``organisation``."""

    code = "never_a_trader"
    category = Category.FORBIDDEN
    detail = Label(
        "{organisation} is the operator of the market or its affiliate, so it cannot be a buyer or seller of data.",
        "{organisation} は市場の運営者またはその関係会社のため、データの提供者にも利用者にもなれません。",
    )


class HasAdmissions(DomainError):
    """An organisation with admissions cannot be an affiliate of the operator. Fields: ``organisation``."""

    code = "has_admissions"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} has admissions or applications. Withdraw them before you declare it an affiliate.",
        "{organisation} には参加承認または申請があります。関係会社とする前に取り下げてください。",
    )


class CorporateNumberTaken(DomainError):
    """Another organisation has this corporate number. Fields: ``corporate_number``."""

    code = "corporate_number_taken"
    category = Category.CONFLICT
    field = "corporate_number"
    detail = Label(
        "An organisation with the corporate number {corporate_number} is already registered.",
        "法人番号 {corporate_number} の組織は既に登録されています。",
    )


class InvoiceNumberTaken(DomainError):
    """Another organisation has this registration number. Fields: ``invoice_registration_number``."""

    code = "invoice_number_taken"
    category = Category.CONFLICT
    field = "invoice_registration_number"
    detail = Label(
        "An organisation with the registration number {invoice_registration_number} is already registered.",
        "登録番号 {invoice_registration_number} の組織は既に登録されています。",
    )


class OperatorExists(DomainError):
    """The market already has its one operator."""

    code = "operator_known"
    category = Category.CONFLICT
    field = "is_operator"
    detail = Label("The market already has an operator.", "この市場には既に運営者が登録されています。")


class EmailTaken(DomainError):
    """The e-mail address belongs to another account."""

    code = "email_taken"
    category = Category.CONFLICT
    field = "email"
    detail = Label(
        "This e-mail address is already in use. Use another one.",
        "このメールアドレスは既に使われています。別のアドレスを指定してください。",
    )


class NotAMember(DomainError):
    """The person does not belong to the organisation that the request names."""

    code = "not_a_member"
    category = Category.FORBIDDEN
    field = "Sanpo-Organisation"
    detail = Label(
        "You are not a member of the organisation that the header Sanpo-Organisation names.",
        "Sanpo-Organisation ヘッダーで指定された組織の構成員ではありません。",
    )


class OrganisationNeeded(DomainError):
    """The person belongs to several organisations and names none. Fields: ``organisations``."""

    code = "organisation_needed"
    category = Category.FORBIDDEN
    field = "Sanpo-Organisation"
    detail = Label(
        "You belong to several organisations. Name the one that you act for in the header Sanpo-Organisation.",
        "複数の組織に所属しています。Sanpo-Organisation ヘッダーで組織を指定してください。",
    )


class SegmentExists(DomainError):
    """A segment with this code exists. Fields: ``segment``."""

    code = "segment_known"
    category = Category.CONFLICT
    field = "code"
    detail = Label("The segment {segment} already exists.", "分野 {segment} は既に開設されています。")


class AdmissionExists(DomainError):
    """An admission or application for this segment and capacity exists. Fields: ``admission, segment, capacity``."""

    code = "admission_held"
    category = Category.CONFLICT
    detail = Label(
        "You already have the application or admission {admission} as {capacity} in {segment}.",
        "分野 {segment} の {capacity} としての申請または参加承認 {admission} が既にあります。",
    )


class PayoutChangeUnderWay(DomainError):
    """Another change of the payout account waits. Fields: ``change``."""

    code = "payout_change_under_way"
    category = Category.CONFLICT
    detail = Label(
        "The change {change} of your payout account is under way. Wait until it is used, or stop it first.",
        "振込先口座の変更 {change} が手続中です。適用されるまで待つか、先に中止してください。",
    )


class AccountInUse(DomainError):
    """The account is in use, so nothing would change, and it is not stopped."""

    code = "account_in_use"
    category = Category.CONFLICT
    field = "payout_account"
    detail = Label(
        "This account is in use already. State another one to change it.",
        "この口座は既に使用中です。変更する場合は別の口座を指定してください。",
    )


class ColleagueConfirms(DomainError):
    """The participant has several people, so one of them confirms, not the operator's staff. Fields: ``organisation``."""

    code = "colleague_confirms"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} has several people: another of them confirms its payout account, with a role that allows it.",
        "{organisation} には複数の構成員がいます。権限のある別の構成員が振込先口座を確認してください。",
    )


class HolderDiffers(DomainError):
    """The account of a participant of one person must be its own."""

    code = "holder_differs"
    category = Category.INVALID
    field = "payout_account.account_holder_kana"
    detail = Label(
        "The account holder must be your organisation's name in katakana or Latin letters, as it has been on record for"
        " seven days, because nobody else of your organisation can confirm the account.",
        "確認できる構成員がほかにいないため、口座名義は7日以上前から登録されている組織の名称（カナまたは英字）と一致する必要が"
        "あります。",
    )


class NothingChanges(DomainError):
    """The facts stated are those on record."""

    code = "nothing_changes"
    category = Category.CONFLICT
    field = "facts"
    detail = Label(
        "These facts are on record already. State what is different.",
        "指定された内容は既に登録されています。変更する項目を指定してください。",
    )


class AlreadyAMember(DomainError):
    """The person of this address is a member of the organisation already."""

    code = "already_a_member"
    category = Category.CONFLICT
    field = "email"
    detail = Label(
        "The person of this address is a member already. Change its roles instead.",
        "このメールアドレスの方は既に構成員です。役割の変更を行ってください。",
    )


class InvitationOpen(DomainError):
    """An invitation to this address is open. Fields: ``invitation``."""

    code = "invitation_open"
    category = Category.CONFLICT
    field = "email"
    detail = Label(
        "The invitation {invitation} to this address is open. Send it again, or revoke it first.",
        "このメールアドレスへの招待 {invitation} が有効です。再送するか、先に取り消してください。",
    )


class TooManyInvitations(DomainError):
    """The organisation has invited as many people as it may. Fields: ``count``."""

    code = "too_many_invitations"
    category = Category.CONFLICT
    detail = Label(
        "You have {count} invitations that are open, or were made within 24 hours. Revoke some, or wait.",
        "有効な招待、または24時間以内の招待が {count} 件あります。取り消すか、時間をおいてください。",
    )


class InvitationMailsUsedUp(DomainError):
    """So many mails were sent for an invitation that no further one is. Fields: ``count``."""

    code = "invitation_mails_used_up"
    category = Category.CONFLICT
    detail = Label(
        "{count} mails were sent for this invitation. Revoke it, and invite the person anew.",
        "この招待について {count} 通を送信済みです。取り消して、新たに招待してください。",
    )


class InvitationUnknown(DomainError):
    """No open invitation has this token, or it is another person's."""

    code = "invitation_unknown"
    category = Category.MISSING
    field = "token"
    detail = Label(
        "No open invitation to you has this token: it was used, revoked or replaced, or has expired. Ask for another mail.",
        "このトークンで承諾できる招待はありません（使用済み・取消し・差替え・期限切れ）。招待の再送を依頼してください。",
    )


class SignInToJoin(DomainError):
    """The invited address has a login: its person signs in and joins."""

    code = "sign_in_to_join"
    category = Category.CONFLICT
    detail = Label(
        "This address has a login. Sign in, and send the token to invitations/join/.",
        "このメールアドレスは登録済みです。サインインのうえ invitations/join/ にトークンを送信してください。",
    )


class StaffApart(DomainError):
    """Who belongs to the operator belongs to nobody else."""

    code = "staff_apart"
    category = Category.CONFLICT
    detail = Label(
        "A person of the operator belongs to no other organisation. Leave the one before you join the other, or use"
        " another address.",
        "運営者の構成員は他の組織に所属できません。先に現在の組織から離れるか、別のメールアドレスを使用してください。",
    )


class LastOwner(DomainError):
    """The last owner of an organisation stays. Fields: ``organisation``."""

    code = "last_owner"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} would have no owner. Grant another member the role of an owner, or invite one, first. An"
        " organisation whose owner is lost uses the recovery of owners.",
        "{organisation} の代表管理者がいなくなります。先に別の構成員に代表管理者の役割を付与するか、新たに招待してください。"
        "代表管理者と連絡が取れない場合は、代表管理者の回復手続を利用してください。",
    )


class RoleHeld(DomainError):
    """The member holds the role already. Fields: ``role``."""

    code = "role_unchanged"
    category = Category.CONFLICT
    field = "role"
    detail = Label(
        "The member holds the role {role} already.", "この構成員は既に役割 {role} を有しています。"
    )


class RoleNotHeld(DomainError):
    """The member does not hold the role. Fields: ``role``."""

    code = "role_unchanged"
    category = Category.CONFLICT
    field = "role"
    detail = Label("The member does not hold the role {role}.", "この構成員は役割 {role} を有していません。")


class ChangeProposed(DomainError):
    """The same change waits for a second owner. Fields: ``change``."""

    code = "change_proposed"
    category = Category.CONFLICT
    detail = Label(
        "The change {change} waits for a second owner. Confirm it as another person, or withdraw it.",
        "変更 {change} が二人目の代表管理者の確認を待っています。別の担当者が確認するか、取り下げてください。",
    )


class ProposerGone(DomainError):
    """Who proposed it is no owner any more."""

    code = "proposer_gone"
    category = Category.CONFLICT
    detail = Label(
        "Who proposed this is no owner any more. Withdraw it, and propose it anew.",
        "提案者は既に代表管理者ではありません。取り下げて、改めて提案してください。",
    )


class ProgramRevoked(DomainError):
    """The program was revoked, for ever. Fields: ``application``."""

    code = "program_revoked"
    category = Category.CONFLICT
    detail = Label(
        "The program {application} was revoked. Make another one.",
        "プログラム {application} は失効済みです。新たに作成してください。",
    )


class LoginLocked(DomainError):
    """The login is locked already. Fields: ``lock``."""

    code = "login_locked"
    category = Category.CONFLICT
    field = "person"
    detail = Label(
        "This login is locked ({lock}). Two people release it.",
        "このログインは既に停止されています（{lock}）。解除は二人の担当者が行います。",
    )


class LockReleased(DomainError):
    """The lock was released already. Fields: ``lock``."""

    code = "lock_released"
    category = Category.CONFLICT
    detail = Label("The lock {lock} was released already.", "停止 {lock} は既に解除されています。")


class ResetOpen(DomainError):
    """A reset of the member's second factor is open. Fields: ``reset``."""

    code = "reset_open"
    category = Category.CONFLICT
    field = "member"
    detail = Label(
        "The reset {reset} of this member's second factor is open. Wait for its end, or stop it.",
        "この構成員の二要素認証の再設定 {reset} が進行中です。終了を待つか、中止してください。",
    )


class RecoveryOpen(DomainError):
    """The organisation has as many requests to recover an owner as it may, or one is decided already. Fields: ``count``."""

    code = "recovery_open"
    category = Category.CONFLICT
    detail = Label(
        "{count} requests to recover an owner of this organisation are open. Wait until the operator has decided them.",
        "この組織の代表管理者の回復申請が {count} 件進行中です。運営者の判断をお待ちください。",
    )


class ObjectionUnknown(DomainError):
    """No recovery that can be objected to has this token."""

    code = "objection_unknown"
    category = Category.MISSING
    field = "token"
    detail = Label(
        "No recovery in its waiting time has this token. Ask the operator.",
        "このトークンで異議を申し立てられる回復手続はありません。運営者に確認してください。",
    )
