"""States and choices of registration."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles


class RegistrationState(TextChoices):
    """The state of an application for registration."""

    DRAFT = "draft", Label("being prepared by the applicant", "申請者が作成中")
    SUBMITTED = "submitted", Label("submitted, waiting for the screening", "提出済み・照合待ち")
    IN_REVIEW = "in_review", Label("screened, waiting for the operator", "照合済み・運営者の審査待ち")
    CONFIRMING = (
        "confirming",
        Label("accepted by one person, waiting for another", "一人目が承認・二人目の確認待ち"),
    )
    ACCEPTED = "accepted", Label("accepted and registered", "承認・登録済み")
    REFUSED = "refused", Label("refused", "不承認")
    LAPSED = "lapsed", Label("lapsed", "失効")


ENDED = (RegistrationState.ACCEPTED, RegistrationState.REFUSED, RegistrationState.LAPSED)

SCREENED_AGAIN = (RegistrationState.IN_REVIEW, RegistrationState.CONFIRMING, RegistrationState.ACCEPTED)
"""States in which an application, or the organisation that it registered, is screened again."""

REASON_LENGTH_MAX: Final = 2_000
"""Of why an application is accepted, returned or refused."""

REGISTRATION = StateMachine(
    name="registration.registration",
    states=RegistrationState,
    initial=frozenset({RegistrationState.DRAFT}),
    table=expand_roles(
        {
            (RegistrationState.DRAFT, "submit", ("applicant",)): RegistrationState.SUBMITTED,
            (RegistrationState.DRAFT, "lapse", ("system",)): RegistrationState.LAPSED,
            (RegistrationState.SUBMITTED, "screen", ("system",)): RegistrationState.IN_REVIEW,
            (RegistrationState.IN_REVIEW, "propose", ("operator",)): RegistrationState.CONFIRMING,
            (RegistrationState.IN_REVIEW, "refuse", ("operator",)): RegistrationState.REFUSED,
            (RegistrationState.CONFIRMING, "accept", ("operator",)): RegistrationState.ACCEPTED,
            (RegistrationState.CONFIRMING, "refuse", ("operator",)): RegistrationState.REFUSED,
            # A later screening that found something else, or a person who thinks again.
            (RegistrationState.CONFIRMING, "return", ("operator", "system")): RegistrationState.IN_REVIEW,
        }
    ),
)


class DocumentKind(TextChoices):
    """What a supporting document shows."""

    REGISTRY_EXTRACT = "registry_extract", Label("extract from a company registry", "登記事項証明書")
    IDENTITY = "identity", Label("identity of the representative", "代表者の本人確認書類")
    AUTHORITY = "authority", Label("authority of the applicant", "申請権限の証明書（委任状など）")
    OWNERSHIP = "ownership", Label("ownership of the organisation", "株主名簿など所有関係の書類")
    OTHER = "other", Label("another document", "その他の書類")


class OwnerBasis(TextChoices):
    """Why a person is a beneficial owner."""

    OWNERSHIP = "ownership", Label("a quarter or more of the ownership", "4分の1以上の所有")
    CONTROL = "control", Label("control by other means", "その他の方法による支配")
    REPRESENTATIVE = (
        "representative",
        Label("represents the organisation, because nobody owns or controls it", "該当者がいないため代表者"),
    )


class ScreeningCause(TextChoices):
    """Why a registration is screened."""

    SUBMISSION = "submission", Label("the application was submitted", "申請の提出")
    SCHEDULE = "schedule", Label("the last screening is old", "定期照合")
    LISTS = "lists", Label("a newer list or registry is loaded", "名簿・登記情報の更新")
    FACTS = "facts", Label("facts of the organisation have changed", "組織情報の変更")


class ScreeningOutcome(TextChoices):
    """What a screening came to."""

    CLEAR = "clear", Label("nothing found", "該当なし")
    HELD = "held", Label("findings to be read by the operator", "運営者の確認が必要な事項あり")


class FindingCode(TextChoices):
    """What a screening can find."""

    REGISTRY_NOT_LOADED = (
        "registry_not_loaded",
        Label("the market has no snapshot of the registry", "法人番号公表情報が未取込み"),
    )
    NOT_IN_REGISTRY = (
        "not_in_registry",
        Label("the number is not in the registry", "法人番号が公表情報にない"),
    )
    CLOSED_IN_REGISTRY = "closed_in_registry", Label("the registry is closed", "登記記録が閉鎖されている")
    NAME_DIFFERS = "name_differs", Label("the registry has another name", "商号・名称が公表情報と異なる")
    ADDRESS_DIFFERS = "address_differs", Label("the registry has another address", "所在地が公表情報と異なる")
    WITHOUT_LEI = (
        "without_lei",
        Label("abroad without an LEI: read the registry extract", "国外・LEIなし（登記書類を確認）"),
    )
    LISTS_NOT_LOADED = (
        "lists_not_loaded",
        Label("the market has no sanctions list", "制裁対象者名簿が未取込み"),
    )
    LISTED = "listed", Label("a name is on a sanctions list", "制裁対象者名簿に同名の記載がある")


class ListedKind(TextChoices):
    """What a sanctions list names."""

    PERSON = "person", Label("a person", "個人")
    ORGANISATION = "organisation", Label("an organisation", "団体")
