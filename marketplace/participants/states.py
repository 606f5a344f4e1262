"""States and choices of participants: organisations, admissions, capacities, kinds and roles."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles


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


class OrganisationState(TextChoices):
    """Whether an organisation may make new agreements."""

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
