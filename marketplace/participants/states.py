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


HELD_ADMISSIONS = (AdmissionState.APPLIED, AdmissionState.ON_HOLD, AdmissionState.ADMITTED)
"""States in which an organisation is, or may still be, admitted; one such admission per segment and capacity."""

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
        }
    ),
)
