"""States and choices of participants: organisations, admissions, capacities, kinds and roles."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles
from marketplace.kernel.suspensions import EFFECTS
from marketplace.kernel.suspensions import SuspensionKind as Kind


class OrganisationKind(TextChoices):
    """The kind of an organisation."""

    BUSINESS = "business", Label("business", "事業者")
    PUBLIC_BODY = "public_body", Label("public body", "公的機関")
    INFORMATION_BANK = "information_bank", Label("information bank", "情報銀行")
    INDIVIDUAL = "individual", Label("individual", "個人")


class AccountType(TextChoices):
    """The kinds of Japanese bank account that can receive transfers."""

    ORDINARY = "ordinary", Label("ordinary account", "普通預金")
    CURRENT = "current", Label("current account", "当座預金")


class MemberRole(TextChoices):
    """What a person may do in its organisation (``kernel.permissions``): roles of participants and of the operator."""

    OWNER = "owner", Label("owner", "代表管理者")
    TRADER = "trader", Label("trader", "取引担当者")
    SIGNATORY = "signatory", Label("signatory", "署名権者")
    FINANCE = "finance", Label("finance", "経理担当者")
    ENGINEER = "engineer", Label("data engineer", "データ技術者")
    AUDITOR = "auditor", Label("auditor", "監査担当者")
    TRUSTEE = "trustee", Label("trustee", "管財人")
    ADMISSION = "admission", Label("admission", "参加審査担当者")
    RULEBOOK = "rulebook", Label("rulebook", "規則担当者")
    CLEARING = "clearing", Label("clearing", "清算担当者")
    DISPUTES = "disputes", Label("disputes", "紛争担当者")
    SUPPORT = "support", Label("support", "運用支援担当者")


class Capacity(TextChoices):
    """The capacity in which an organisation is admitted to a segment."""

    SELLER = "seller", Label("seller", "提供者")
    BUYER = "buyer", Label("buyer", "利用者")


class PayoutChangeState(TextChoices):
    """The state of a payout account that an organisation states; from its day a confirmed one is used."""

    PROPOSED = "proposed", Label("waits for a second person", "二人目の確認待ち")
    CONFIRMED = "confirmed", Label("confirmed", "確認済み")
    STOPPED = "stopped", Label("stopped", "中止")
    LAPSED = "lapsed", Label("not confirmed in time", "期限切れ")


PAYOUT_CHANGE = StateMachine(
    name="participants.payout_account_change",
    states=PayoutChangeState,
    # The account that an organisation is registered with needs no confirmation: nobody was paid before.
    initial=frozenset({PayoutChangeState.PROPOSED, PayoutChangeState.CONFIRMED}),
    table=expand_roles(
        {
            # Staff of the operator confirm only for a participant of one person.
            (
                PayoutChangeState.PROPOSED,
                "confirm",
                ("participant", "operator"),
            ): PayoutChangeState.CONFIRMED,
            (PayoutChangeState.PROPOSED, "stop", ("participant",)): PayoutChangeState.STOPPED,
            (PayoutChangeState.CONFIRMED, "stop", ("participant",)): PayoutChangeState.STOPPED,
            (PayoutChangeState.PROPOSED, "lapse", ("system",)): PayoutChangeState.LAPSED,
        }
    ),
)


class TrusteeState(TextChoices):
    """The state of the appointment of a trustee."""

    PROPOSED = "proposed", Label("waits for a second person", "二人目の確認待ち")
    APPOINTED = "appointed", Label("appointed", "選任済み")
    WITHDRAWN = "withdrawn", Label("withdrawn", "取下げ")


TRUSTEE = StateMachine(
    name="participants.trustee_appointment",
    states=TrusteeState,
    initial=frozenset({TrusteeState.PROPOSED}),
    table={
        (TrusteeState.PROPOSED, "appoint", "operator"): TrusteeState.APPOINTED,
        (TrusteeState.PROPOSED, "withdraw", "operator"): TrusteeState.WITHDRAWN,
    },
)


class SuspensionKind(TextChoices):
    """The kind of a suspension; what each means is ``kernel.suspensions.EFFECTS``."""

    BREACH = Kind.BREACH.value, EFFECTS[Kind.BREACH].label
    INSOLVENCY = Kind.INSOLVENCY.value, EFFECTS[Kind.INSOLVENCY].label
    ATTACHMENT = Kind.ATTACHMENT.value, EFFECTS[Kind.ATTACHMENT].label
    SANCTIONS = Kind.SANCTIONS.value, EFFECTS[Kind.SANCTIONS].label


class OrganisationState(TextChoices):
    """Whether an organisation may begin anything new."""

    ACTIVE = "active", Label("active", "有効")
    SUSPENDED = "suspended", Label("suspended", "取引停止中")


ORGANISATION = StateMachine(
    name="participants.organisation",
    states=OrganisationState,
    initial=frozenset({OrganisationState.ACTIVE}),
    table=expand_roles(
        {
            (OrganisationState.ACTIVE, "suspend", ("operator", "system")): OrganisationState.SUSPENDED,
            (OrganisationState.SUSPENDED, "reinstate", ("operator",)): OrganisationState.ACTIVE,
        }
    ),
)


class AdmissionState(TextChoices):
    """The state of an application for admission to a segment."""

    APPLIED = "applied", Label("applied, waiting for the rules", "申請済み・判定待ち")
    ON_HOLD = "on_hold", Label("on hold, waiting for the operator", "保留（運営者の審査待ち）")
    ADMITTED = "admitted", Label("admitted", "参加承認済み")
    REFUSED = "refused", Label("refused", "不承認")
    WITHDRAWN = "withdrawn", Label("withdrawn", "取下げ")
    EXPIRED = "expired", Label("expired", "有効期限切れ")
    LAPSED = "lapsed", Label("ended, a condition was not met", "条件未達による終了")
    RENEWED = "renewed", Label("renewed by another admission", "更新済み")


HELD_ADMISSIONS = (AdmissionState.APPLIED, AdmissionState.ON_HOLD, AdmissionState.ADMITTED)
"""States in which an organisation is, or may still be, admitted."""
ENDED_ADMISSIONS = (AdmissionState.WITHDRAWN, AdmissionState.EXPIRED, AdmissionState.LAPSED)
"""States in which an organisation is no longer admitted by it; a renewed one goes on as another."""
PENDING_ADMISSIONS = (AdmissionState.APPLIED, AdmissionState.ON_HOLD)
"""States of an application that is not decided; one such per segment and capacity, also beside the admission it renews."""
OVER_ADMISSIONS = (*ENDED_ADMISSIONS, AdmissionState.RENEWED)
"""States in which an admission, or the application for one, is over although nobody refused it."""

ADMISSION = StateMachine(
    name="participants.admission",
    states=AdmissionState,
    initial=frozenset({AdmissionState.APPLIED}),
    # The operator decides only applications that the published rules put on hold.
    table=expand_roles(
        {
            (AdmissionState.APPLIED, "admit", ("system",)): AdmissionState.ADMITTED,
            (AdmissionState.APPLIED, "refuse", ("system",)): AdmissionState.REFUSED,
            (AdmissionState.APPLIED, "hold", ("system",)): AdmissionState.ON_HOLD,
            (AdmissionState.APPLIED, "withdraw", ("participant",)): AdmissionState.WITHDRAWN,
            (AdmissionState.ON_HOLD, "admit", ("operator",)): AdmissionState.ADMITTED,
            (AdmissionState.ON_HOLD, "refuse", ("operator",)): AdmissionState.REFUSED,
            (AdmissionState.ON_HOLD, "withdraw", ("participant",)): AdmissionState.WITHDRAWN,
            (AdmissionState.ADMITTED, "withdraw", ("participant", "operator")): AdmissionState.WITHDRAWN,
            (AdmissionState.ADMITTED, "expire", ("system",)): AdmissionState.EXPIRED,
            (AdmissionState.ADMITTED, "lapse", ("system",)): AdmissionState.LAPSED,
            (AdmissionState.ADMITTED, "renew", ("operator", "system")): AdmissionState.RENEWED,
        }
    ),
)


class InvitationState(TextChoices):
    """The state of an invitation to join an organisation."""

    PROPOSED = "proposed", Label("waiting for a second owner", "二人目の代表管理者の確認待ち")
    OPEN = "open", Label("sent, waiting for the invited person", "送付済み・承諾待ち")
    ACCEPTED = "accepted", Label("accepted", "承諾済み")
    REVOKED = "revoked", Label("revoked", "取消し")
    LAPSED = "lapsed", Label("lapsed", "失効")


INVITATION_ENDED = (InvitationState.ACCEPTED, InvitationState.REVOKED, InvitationState.LAPSED)

INVITATION = StateMachine(
    name="participants.invitation",
    states=InvitationState,
    initial=frozenset({InvitationState.PROPOSED, InvitationState.OPEN}),
    table=expand_roles(
        {
            (InvitationState.PROPOSED, "confirm", ("owner",)): InvitationState.OPEN,
            (InvitationState.PROPOSED, "revoke", ("owner",)): InvitationState.REVOKED,
            (InvitationState.PROPOSED, "lapse", ("system",)): InvitationState.LAPSED,
            (InvitationState.OPEN, "accept", ("invited",)): InvitationState.ACCEPTED,
            (InvitationState.OPEN, "resend", ("owner",)): InvitationState.OPEN,
            (InvitationState.OPEN, "revoke", ("owner",)): InvitationState.REVOKED,
            (InvitationState.OPEN, "lapse", ("system",)): InvitationState.LAPSED,
        }
    ),
)


class MemberChangeKind(TextChoices):
    """What changes of a membership."""

    GRANT = "grant", Label("a role is granted", "役割の付与")
    REVOKE = "revoke", Label("a role is revoked", "役割の取消し")
    END = "end", Label("the membership ends", "所属の終了")


class MemberChangeState(TextChoices):
    """The state of a change of a membership."""

    PROPOSED = "proposed", Label("waiting for a second owner", "二人目の代表管理者の確認待ち")
    DONE = "done", Label("done", "実施済み")
    WITHDRAWN = "withdrawn", Label("withdrawn", "取下げ")
    LAPSED = "lapsed", Label("lapsed", "失効")


MEMBER_CHANGE = StateMachine(
    name="participants.member_change",
    states=MemberChangeState,
    initial=frozenset({MemberChangeState.PROPOSED, MemberChangeState.DONE}),
    table=expand_roles(
        {
            (MemberChangeState.PROPOSED, "confirm", ("owner",)): MemberChangeState.DONE,
            (MemberChangeState.PROPOSED, "withdraw", ("owner",)): MemberChangeState.WITHDRAWN,
            (MemberChangeState.PROPOSED, "lapse", ("system",)): MemberChangeState.LAPSED,
        }
    ),
)


class SecondFactorResetState(TextChoices):
    """The state of a reset of a second factor."""

    PROPOSED = "proposed", Label("waiting for a second owner", "二人目の代表管理者の確認待ち")
    WAITING = "waiting", Label("in the waiting time", "待機期間中")
    DONE = "done", Label("done", "実施済み")
    STOPPED = "stopped", Label("stopped", "中止")


SECOND_FACTOR_RESET = StateMachine(
    name="participants.second_factor_reset",
    states=SecondFactorResetState,
    initial=frozenset({SecondFactorResetState.PROPOSED, SecondFactorResetState.WAITING}),
    table=expand_roles(
        {
            (SecondFactorResetState.PROPOSED, "confirm", ("owner",)): SecondFactorResetState.WAITING,
            (
                SecondFactorResetState.PROPOSED,
                "stop",
                ("owner", "person", "system"),
            ): SecondFactorResetState.STOPPED,
            (
                SecondFactorResetState.WAITING,
                "stop",
                ("owner", "person", "system"),
            ): SecondFactorResetState.STOPPED,
            (SecondFactorResetState.WAITING, "carry_out", ("system",)): SecondFactorResetState.DONE,
        }
    ),
)


class OwnerRecoveryState(TextChoices):
    """The state of the recovery of an owner."""

    FILED = "filed", Label("filed, waiting for the operator", "申請済み・運営者の審査待ち")
    PROPOSED = (
        "proposed",
        Label("proposed by one person, waiting for another", "一人目が提案・二人目の確認待ち"),
    )
    WAITING = "waiting", Label("in the waiting time, objections are taken", "待機期間中（異議受付中）")
    OBJECTED = "objected", Label("stopped by an objection", "異議により停止")
    CONCLUDED = "concluded", Label("concluded, the new owner is invited", "完了・新しい代表管理者を招待済み")
    REFUSED = "refused", Label("refused", "不承認")


OWNER_RECOVERY = StateMachine(
    name="participants.owner_recovery",
    states=OwnerRecoveryState,
    initial=frozenset({OwnerRecoveryState.FILED}),
    table=expand_roles(
        {
            (OwnerRecoveryState.FILED, "propose", ("operator",)): OwnerRecoveryState.PROPOSED,
            (OwnerRecoveryState.FILED, "refuse", ("operator",)): OwnerRecoveryState.REFUSED,
            (OwnerRecoveryState.PROPOSED, "confirm", ("operator",)): OwnerRecoveryState.WAITING,
            (OwnerRecoveryState.PROPOSED, "refuse", ("operator",)): OwnerRecoveryState.REFUSED,
            (OwnerRecoveryState.WAITING, "object", ("contact",)): OwnerRecoveryState.OBJECTED,
            (OwnerRecoveryState.WAITING, "refuse", ("operator",)): OwnerRecoveryState.REFUSED,
            (OwnerRecoveryState.WAITING, "conclude", ("system",)): OwnerRecoveryState.CONCLUDED,
            (OwnerRecoveryState.OBJECTED, "refuse", ("operator",)): OwnerRecoveryState.REFUSED,
        }
    ),
)


class KeyRevocation(TextChoices):
    """Why a key of an organisation was revoked."""

    ROTATED = "rotated", Label("replaced by another key", "別の鍵への更新")
    UNUSED = "unused", Label("no longer used", "使用終了")
    LOST = "lost", Label("the private key is lost", "秘密鍵の紛失")
    COMPROMISED = "compromised", Label("others may know the private key", "秘密鍵の漏えい（疑いを含む）")
