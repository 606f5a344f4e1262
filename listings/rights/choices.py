"""The seller's choices: the terms of the CADDE 4 catalogue. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class ContractType(TextChoices):
    """契約形態: the contract type under which the data is provided."""

    LICENCE = "licence", Label("licence", "利用許諾")
    TRANSFER = "transfer", Label("transfer", "譲渡")
    JOINT_USE = "joint_use", Label("joint use", "共同利用")


class Purpose(TextChoices):
    """利用用途: the purposes for which the data may be used."""

    COMMERCIAL = "commercial", Label("commercial", "商用")
    RESEARCH = "research", Label("research", "研究")
    EDUCATION = "education", Label("education", "教育")
    PUBLIC = "public", Label("public interest", "公共")
    MEDICAL = "medical", Label("medical", "医療")
    UNRESTRICTED = "unrestricted", Label("unrestricted", "制限なし")
    TO_BE_AGREED = "to_be_agreed", Label("to be agreed", "個別調整")


class DisclosureScope(TextChoices):
    """開示範囲: who at the buyer may access the data."""

    PERSON_IN_CHARGE = "person_in_charge", Label("the person in charge", "担当者")
    DEPARTMENT = "department", Label("the department", "自部門")
    COMPANY = "company", Label("the company", "自社")
    GROUP = "group", Label("the group of companies", "グループ")
    UNRESTRICTED = "unrestricted", Label("unrestricted", "制限なし")


class Permissibility(TextChoices):
    """Whether an action is permitted."""

    PERMITTED = "permitted", Label("permitted", "可")
    PROHIBITED = "prohibited", Label("prohibited", "不可")


@dataclass(frozen=True, slots=True)
class Rights:
    """A seller's choices. ``regions`` are ISO 3166-1 alpha-2 codes, empty for everywhere; ``valid_until`` an ISO
    8601 date; ``duration`` an ISO 8601 period (``P1Y``) from the agreement; ``use_count_max`` a number of uses. ``exclusive``: while the
    agreement is in force, the seller grants nobody else rights in the listing, and the market concludes nothing else over it."""

    contract_type: str
    purposes: tuple[str, ...] = (Purpose.UNRESTRICTED,)
    disclosure_scope: str = DisclosureScope.UNRESTRICTED
    onward_transfer: str = Permissibility.PROHIBITED
    regions: tuple[str, ...] = ()
    valid_until: str | None = None
    duration: str | None = None
    use_count_max: int | None = None
    derivatives: str = Permissibility.PERMITTED
    model_training: str = Permissibility.PERMITTED
    reidentification: str = Permissibility.PROHIBITED
    confidential: bool = False
    attribution: bool = False
    delete_at_end: bool = False
    report_use: bool = False
    accept_audit: bool = False
    exclusive: bool = False

    @property
    def has_end(self) -> bool:
        """Whether the use ends by time."""
        return self.valid_until is not None or self.duration is not None

    def as_dict(self) -> dict[str, Any]:
        """Every choice, by name, in JSON types."""
        return {
            name: list(value) if isinstance(value, tuple) else _plain(value)
            for name, value in asdict(self).items()
        }

    @property
    def must_be_negotiated(self) -> bool:
        """Whether a purpose is still to be agreed, so that the offer cannot be accepted without negotiation."""
        return Purpose.TO_BE_AGREED in self.purposes


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


CHOICES: dict[str, type[TextChoices]] = {
    "contract_type": ContractType,
    "disclosure_scope": DisclosureScope,
    "onward_transfer": Permissibility,
    "derivatives": Permissibility,
    "model_training": Permissibility,
    "reidentification": Permissibility,
}
FLAGS = ("confidential", "attribution", "delete_at_end", "report_use", "accept_audit", "exclusive")


def label_of(choice: TextChoices) -> Label:
    """The label of a choice, in both languages."""
    label = choice.label
    assert isinstance(label, Label)  # noqa: S101  TextChoices of this house are labelled in both languages
    return label
