"""Rights of use: the seller's choices, the ODRL 2.2 policy, and the summary as text. Public, pure.

The terms are those of the CADDE 4 catalogue. ``m:`` is this market's ODRL profile, for concepts that the ODRL
vocabulary lacks. Every right operand is a string or a list of strings, because the Dataspace Protocol 2025-1 allows no
numbers there; an offer names no target.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any

from babel import Locale
from django.db.models import TextChoices

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.money import exponent

PROFILE = "urn:sanpo:odrl:"
ODRL_CONTEXT = "http://www.w3.org/ns/odrl.jsonld"
CONTEXT: list[Any] = [ODRL_CONTEXT, {"m": PROFILE}]

Constraint = dict[str, Any]
Policy = dict[str, Any]

DURATION = re.compile(r"P(?=\d)(\d+Y)?(\d+M)?(\d+D)?")
COUNT_MAX = 1_000_000_000


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


ACTIONS = {
    ContractType.LICENCE: "use",
    ContractType.TRANSFER: "transfer",
    ContractType.JOINT_USE: "m:jointUse",
}


@dataclass(frozen=True, slots=True)
class Rights:
    """A seller's choices. ``regions`` are ISO 3166-1 alpha-2 codes, empty for everywhere; ``valid_until`` an ISO
    8601 date; ``duration`` an ISO 8601 period (``P1Y``) from the agreement; ``use_count_max`` a number of uses."""

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
FLAGS = ("confidential", "attribution", "delete_at_end", "report_use", "accept_audit")


def parse_rights(choices: Mapping[str, Any], *, prefix: str = "rights") -> Rights:
    """The rights of a seller's ``choices``; missing choices have the defaults of ``Rights``.

    Raises FieldInvalid, which names the field as ``<prefix>.<name>``.
    """
    if not isinstance(choices, Mapping):
        raise FieldInvalid(
            prefix, Label("specify an object of choices", "選択項目のオブジェクトにしてください")
        )
    known = {choice.name for choice in fields(Rights)}
    for name in sorted(set(choices) - known):
        raise FieldInvalid(
            f"{prefix}.{name}", Label("unknown right of use; remove it", "この項目はありません")
        )
    if choices.get("contract_type") is None:
        raise FieldInvalid(
            f"{prefix}.contract_type",
            Label("specify licence, transfer or joint_use", "契約形態を選んでください"),
        )
    checked: dict[str, Any] = {}
    for name, value in choices.items():
        if value is not None:
            read: Callable[[str, Any], Any] = READERS.get(name, _read_choice)
            checked[name] = read(f"{prefix}.{name}", value)
    return Rights(**checked)


def _read_choice(name: str, value: Any) -> str:
    choices = CHOICES[name.rsplit(".", 1)[-1]]
    if value not in choices.values:
        permitted = ", ".join(choices.values)
        raise FieldInvalid(name, Label(f"specify one of {permitted}", f"次から選んでください: {permitted}"))
    return str(value)


def _read_flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise FieldInvalid(name, Label("specify true or false", "true か false を指定してください"))
    return value


def _read_purposes(name: str, value: Any) -> tuple[str, ...]:
    texts = _read_texts(name, value)
    alone = {Purpose.UNRESTRICTED.value, Purpose.TO_BE_AGREED.value} & set(texts)
    if not texts or not set(texts) <= set(Purpose.values) or (alone and len(texts) > 1):
        permitted = ", ".join(Purpose.values)
        raise FieldInvalid(
            name,
            Label(
                f"specify any of {permitted}; the last two cannot be combined",
                f"次から選んでください: {permitted}（最後の二つは単独で指定）",
            ),
        )
    return texts


def _read_regions(name: str, value: Any) -> tuple[str, ...]:
    texts = _read_texts(name, value)
    territories = Locale("en").territories
    if any(len(code) != 2 or code not in territories for code in texts):
        raise FieldInvalid(
            name, Label("specify two-letter ISO 3166-1 codes", "ISO 3166-1の2文字コードで指定してください")
        )
    return texts


def _read_texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise FieldInvalid(name, Label("specify a list of codes", "コードのリストを指定してください"))
    return tuple(sorted({str(item) for item in value}))


def _read_date(name: str, value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise FieldInvalid(
            name, Label("specify a date as YYYY-MM-DD", "YYYY-MM-DD形式で指定してください")
        ) from None


def _read_duration(name: str, value: Any) -> str:
    if not isinstance(value, str) or not DURATION.fullmatch(value):
        raise FieldInvalid(
            name,
            Label(
                "specify a period such as P1Y, P6M or P30D", "P1Y・P6M・P30D のような期間で指定してください"
            ),
        )
    return value


def _read_count(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= COUNT_MAX:
        raise FieldInvalid(
            name, Label("specify a number of uses, 1 or more", "1以上の回数を指定してください")
        )
    return value


READERS: dict[str, Callable[[str, Any], Any]] = {
    "purposes": _read_purposes,
    "regions": _read_regions,
    "valid_until": _read_date,
    "duration": _read_duration,
    "use_count_max": _read_count,
    **dict.fromkeys(FLAGS, _read_flag),
}


@dataclass(frozen=True, slots=True)
class Parties:
    """The parties and the target of an agreement, as IRIs."""

    assigner: str
    assignee: str
    target: str


@dataclass(slots=True)
class _Rules:
    """The rules of a policy under construction."""

    permission: list[Policy] = field(default_factory=list)
    prohibition: list[Policy] = field(default_factory=list)
    obligation: list[Policy] = field(default_factory=list)


def policy_of(
    rights: Rights, *, price_minor: int, currency: str, identifier: str, parties: Parties | None = None
) -> Policy:
    """The ODRL 2.2 policy (JSON-LD) of ``rights``, for a price without tax in minor units.

    It is an Offer, or with ``parties`` an Agreement. ``identifier`` is the policy's IRI. Prohibitions override
    permissions. The same input gives the same policy, so its canonical digest can be signed and compared.
    """
    rules = _Rules()
    constraints = _constraints(rights)
    duties: list[Policy] = [_payment(price_minor, currency)]
    if rights.attribution:
        duties.append({"action": "attribute"})
    rules.permission.append(_rule(ACTIONS[ContractType(rights.contract_type)], constraints, duties))
    _derivatives(rights, rules, constraints)
    _onward(rights, rules)
    if rights.reidentification == Permissibility.PROHIBITED:
        rules.prohibition.append({"action": "m:reidentify"})
    if rights.confidential:
        rules.obligation.append({"action": "m:keepConfidential"})
    if rights.delete_at_end:
        rules.obligation.append({"action": "delete"})
    if rights.report_use:
        rules.obligation.append({"action": "inform"})
    if rights.accept_audit:
        rules.obligation.append({"action": "m:acceptAudit"})
    policy: Policy = {
        "@context": CONTEXT,
        "@type": "Agreement" if parties else "Offer",
        "@id": identifier,
        "profile": PROFILE,
        "conflict": "prohibit",
    }
    if parties:
        policy |= {"assigner": parties.assigner, "assignee": parties.assignee, "target": parties.target}
    return policy | {name: listed for name, listed in asdict(rules).items() if listed}


def _rule(action: str, constraints: list[Constraint], duties: list[Policy] | None = None) -> Policy:
    rule: Policy = {"action": action}
    if constraints:
        rule["constraint"] = constraints
    if duties:
        rule["duty"] = duties
    return rule


def _constraint(left: str, operator: str, right: str | list[str], **more: str) -> Constraint:
    return {"leftOperand": left, "operator": operator, "rightOperand": right, **more}


def _payment(price_minor: int, currency: str) -> Policy:
    digits = exponent(currency)
    amount = f"{price_minor // 10**digits}" + (f".{price_minor % 10**digits:0{digits}}" if digits else "")
    return {"action": "compensate", "constraint": [_constraint("payAmount", "eq", amount, unit=currency)]}


def _constraints(rights: Rights) -> list[Constraint]:
    listed: list[Constraint] = []
    if Purpose.UNRESTRICTED not in rights.purposes:
        listed.append(_constraint("purpose", "isAnyOf", [f"m:{purpose}" for purpose in rights.purposes]))
    if rights.disclosure_scope != DisclosureScope.UNRESTRICTED:
        listed.append(_constraint("recipient", "isPartOf", f"m:{rights.disclosure_scope}"))
    if rights.regions:
        listed.append(_constraint("spatial", "isAnyOf", list(rights.regions)))
    if rights.valid_until:
        listed.append(_constraint("dateTime", "lteq", rights.valid_until))
    if rights.duration:
        listed.append(_constraint("elapsedTime", "lteq", rights.duration))
    if rights.use_count_max:
        listed.append(_constraint("count", "lteq", str(rights.use_count_max)))
    return listed


def _derivatives(rights: Rights, rules: _Rules, constraints: list[Constraint]) -> None:
    if rights.derivatives == Permissibility.PERMITTED:
        rules.permission += [_rule(action, constraints) for action in ("derive", "modify")]
    else:
        rules.prohibition += [{"action": action} for action in ("derive", "modify")]
    # Use includes training, so only a prohibition of training needs a rule.
    if rights.model_training == Permissibility.PROHIBITED:
        rules.prohibition.append({"action": "m:trainModel"})


def _onward(rights: Rights, rules: _Rules) -> None:
    # The scope of disclosure limits who may access the data under the permission; outside it nothing is passed on.
    if rights.onward_transfer == Permissibility.PROHIBITED:
        rules.prohibition += [{"action": action} for action in ("distribute", "sell", "grantUse")]
    elif rights.disclosure_scope != DisclosureScope.UNRESTRICTED:
        rules.prohibition.append({"action": "distribute"})


TERMS: dict[str, Label] = {
    "contract_type": Label("Contract type", "契約形態"),
    "purposes": Label("Purpose", "利用目的"),
    "disclosure_scope": Label("Scope of disclosure", "開示範囲"),
    "onward_transfer": Label("Onward transfer to third parties", "第三者提供"),
    "regions": Label("Region", "利用地域"),
    "valid_until": Label("Valid until", "利用期限"),
    "duration": Label("Duration of use", "利用期間"),
    "use_count_max": Label("Largest number of uses", "利用回数上限"),
    "derivatives": Label("Derived data", "派生データの作成"),
    "model_training": Label("Training of models", "AI学習への利用"),
    "reidentification": Label("Re-identification of persons", "再識別"),
    "confidential": Label("Confidentiality", "秘密保持"),
    "attribution": Label("Attribution", "出典表示"),
    "delete_at_end": Label("Deletion at the end", "終了後の消去"),
    "report_use": Label("Report of use", "利用報告"),
    "accept_audit": Label("Audit", "監査の受入れ"),
}
REQUIRED = Label("required", "義務あり")
EVERYWHERE = Label("everywhere", "制限なし")


def summary(rights: Rights) -> list[dict[str, Any]]:
    """The rights as text: ``{"term", "label": {"ja","en"}, "value": {"ja","en"}}`` each, in a fixed order.

    Terms without a restriction or requirement are left out.
    """
    chosen = rights.as_dict()
    lines = []
    for term, label in TERMS.items():
        words = _words(term, chosen[term])
        if words is not None:
            lines.append({"term": term, "label": label.as_dict(), "value": words.as_dict()})
    return lines


def _words(term: str, value: Any) -> Label | None:
    if term in CHOICES:
        return _label(CHOICES[term], value)
    if term == "purposes":
        labels = [_label(Purpose, purpose) for purpose in value]
        return Label(", ".join(map(str, labels)), "・".join(label.ja for label in labels))
    if term == "regions":
        return _regions(value)
    if term in FLAGS:
        return REQUIRED if value else None
    return None if value is None else Label(str(value), str(value))


def _label(choices: type[TextChoices], value: str) -> Label:
    label = choices(value).label
    assert isinstance(label, Label)  # noqa: S101  TextChoices of this house are labelled in both languages
    return label


def _regions(codes: list[str]) -> Label:
    if not codes:
        return EVERYWHERE
    english, japanese = Locale("en").territories, Locale("ja").territories
    return Label(", ".join(english[code] for code in codes), "・".join(japanese[code] for code in codes))
