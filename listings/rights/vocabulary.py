"""The words of policies: ODRL 2.2, and this market's profile of it for concepts that ODRL lacks. Pure.

A name of ODRL is written plainly (``use``), one of the profile with the prefix ``m:`` (``m:jointUse``), in policies as
in this package. The profile is published at ``profile_address()``. Source: W3C, ODRL Vocabulary & Expression 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from django.conf import settings

from marketplace.kernel.labels import Label

from .choices import ContractType, DisclosureScope, Purpose, label_of

ODRL = "http://www.w3.org/ns/odrl/2/"
ODRL_CONTEXT = "http://www.w3.org/ns/odrl.jsonld"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
CURRENCIES = "http://publications.europa.eu/resource/authority/currency/"
"""The currencies of the EU's authority table, by their ISO 4217 code."""

USE = "use"
ENSURE_EXCLUSIVITY = "ensureExclusivity"
"""A promise of the assigner, not a burden of the assignee."""
TRANSFER = "transfer"

_INCLUDED_IN_USE = (
    "acceptTracking aggregate annotate anonymize append appendTo archive attachPolicy attachSource attribute"
    " commercialize compensate concurrentUse copy delete derive digitize distribute ensureExclusivity execute export"
    " grantUse include index inform install lease lend license modify move nextPolicy obtainConsent pay play present"
    " preview print read reproduce reviewPolicy secondaryUse share shareAlike stream synchronize textToSpeech"
    " transform translate uninstall watermark write writeTo"
)
INCLUDED_IN: dict[str, str] = {
    **dict.fromkeys(_INCLUDED_IN_USE.split(), USE),
    "display": "play",
    "extract": "reproduce",
    "give": TRANSFER,
    "sell": TRANSFER,
    "m:jointUse": USE,
    "m:trainModel": USE,
    "m:reidentify": USE,
}
"""Which action an action is included in (``odrl:includedIn``); actions of earlier ODRL are included in use."""

SCOPES = (
    DisclosureScope.PERSON_IN_CHARGE,
    DisclosureScope.DEPARTMENT,
    DisclosureScope.COMPANY,
    DisclosureScope.GROUP,
)
PART_OF: dict[str, str] = {f"m:{inner}": f"m:{outer}" for inner, outer in pairwise(SCOPES)}
"""Which scope of disclosure a narrower scope is part of (``odrl:partOf``)."""

END_OF_USE = "m:endOfUse"


@dataclass(frozen=True, slots=True)
class Term:
    """A concept of the profile: its name, its class in ODRL, its label and what it means."""

    name: str
    kind: str
    label: Label
    meaning: Label


def _meaning(label: Label, english: str, japanese: str) -> Label:
    return Label(english.format(label), japanese.format(label.ja))


TERMS: tuple[Term, ...] = (
    Term(
        "jointUse",
        "Action",
        label_of(ContractType.JOINT_USE),
        Label(
            "To use the asset together with the assigner, each for its own purposes.",
            "資産を提供者と共同で、それぞれの目的のために利用すること。",
        ),
    ),
    Term(
        "trainModel",
        "Action",
        Label("training of models", "AI学習への利用"),
        Label(
            "To train a model of machine learning with the asset.",
            "資産を機械学習モデルの学習に用いること。",
        ),
    ),
    Term(
        "reidentify",
        "Action",
        Label("re-identification of persons", "再識別"),
        Label("To identify a person from the asset.", "資産から個人を識別すること。"),
    ),
    Term(
        "keepConfidential",
        "Action",
        Label("keep confidential", "秘密保持"),
        Label("To disclose the asset to nobody outside the scope.", "資産を開示範囲の外に開示しないこと。"),
    ),
    Term(
        "acceptAudit",
        "Action",
        Label("accept an audit", "監査の受入れ"),
        Label(
            "To let the assigner audit the use of the asset.",
            "提供者による利用状況の監査を受け入れること。",
        ),
    ),
    *(
        Term(
            purpose.value,
            "RightOperand",
            label_of(purpose),
            _meaning(label_of(purpose), "A purpose of use: {}.", "利用目的：{}。"),
        )
        for purpose in Purpose
        if purpose is not Purpose.UNRESTRICTED
    ),
    *(
        Term(
            scope.value,
            "RightOperand",
            label_of(scope),
            _meaning(
                label_of(scope), "Who may access the asset: {} of the assignee.", "資産に接する者の範囲：{}。"
            ),
        )
        for scope in SCOPES
    ),
    Term(
        "endOfUse",
        "RightOperand",
        Label("end of use", "利用の終了"),
        Label("The event that ends the right to use the asset.", "資産の利用権が終了する出来事。"),
    ),
)
"""The concepts of the profile."""


def profile_address() -> str:
    """The address of the market's profile, which is its IRI: JSON-LD for programs, a page for people."""
    return f"{settings.BASE_URL}/ns/odrl"


def prefixes() -> dict[str, str]:
    """The prefixes of policies, beside those that the context of ODRL defines."""
    return {"m": f"{profile_address()}#", "xsd": XSD, "rdf": RDF}


def policy_context() -> list[Any]:
    """The JSON-LD context of a policy."""
    return [ODRL_CONTEXT, prefixes()]


def local_context() -> dict[str, Any]:
    """The part of the context of ODRL that policies use, so that reading one downloads nothing."""
    sets = ("permission", "prohibition", "obligation", "duty", "constraint", "refinement")
    return {
        "@vocab": ODRL,
        **prefixes(),
        **{name: {"@type": "@id"} for name in ("profile", "assigner", "assignee", "target")},
        **{name: {"@type": "@vocab"} for name in ("action", "conflict", "leftOperand", "operator")},
        **{name: {"@container": "@set"} for name in sets},
    }


@lru_cache(maxsize=4096)
def includes(wider: str, narrower: str) -> bool:
    """Whether an action is ``wider`` or included in it, directly or not."""
    action: str | None = narrower
    while action is not None:
        if action == wider:
            return True
        action = INCLUDED_IN.get(action)
    return False
