"""Whether the laws on commissioned work apply to two parties, by the kind of work and the sizes that they state. Pure.

Sources: 中小受託取引適正化法 (取適法, until 2025 下請法), article 2; フリーランス・事業者間取引適正化等法, article 2. The thresholds are a
dated table from knowledge of these laws; an operator has them checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.participants.organisation_facts import Size

PAYMENT_DAYS = 60
"""The price is paid within so many days, of which the day of receipt is the first (取適法, article 3; フリーランス法, article 4)."""


class Work(TextChoices):
    """The kind of commissioned work, which decides the thresholds of size."""

    DELIVERABLE = (
        "information_deliverable",
        Label("making of data or another information deliverable", "情報成果物作成委託（プログラム以外）"),
    )
    PROGRAM = "program", Label("making of a program", "情報成果物作成委託（プログラム）")
    PROCESSING = (
        "information_processing",
        Label("processing of information as a service", "役務提供委託（情報処理）"),
    )
    SERVICE = "service", Label("another service", "役務提供委託（情報処理以外）")


class Law(TextChoices):
    """A law that protects who works on commission."""

    TORITEKI = (
        "toriteki",
        Label(
            "Act on proper trade with small entrusted businesses (取適法)", "中小受託取引適正化法（取適法）"
        ),
    )
    FREELANCE = (
        "freelance",
        Label("Freelance Act (フリーランス法)", "フリーランス・事業者間取引適正化等法（フリーランス法）"),
    )


BECAUSE: dict[str, Label] = {
    "capital": Label(
        "the capital of the Consumer is above {above} yen and that of the Provider is not above {most} yen",
        "利用者の資本金が{above}円を超え、提供者の資本金が{most}円以下（個人を含む）であるため",
    ),
    "employees": Label(
        "the Consumer has more than {above} employees and the Provider not more than {most}",
        "利用者の常時使用する従業員が{above}人を超え、提供者が{most}人以下であるため",
    ),
    "sizes": Label(
        "neither capital nor employees of the parties are that far apart",
        "資本金・従業員数のいずれの基準にも該当しないため",
    ),
    "individual": Label("the Consumer is no corporation", "利用者が法人でないため"),
    "sole": Label(
        "the Provider works alone, without employees and without a second officer, and the Consumer does not",
        "提供者が従業員を使用せず、他の役員もいない者であり、利用者はそうでないため",
    ),
    "not_sole": Label(
        "the Provider has employees or a second officer",
        "提供者が従業員を使用するか、代表者以外の役員がいるため",
    ),
    "both_sole": Label("the Consumer works alone too", "利用者も従業員・他の役員のいない者であるため"),
    "unstated": Label(
        "not known until these are stated: {missing}", "次の規模が未登録のため判定できない：{missing}"
    ),
    "not_in_force": Label("the law is not in force yet", "施行前のため"),
}
"""Why a law applies, or not."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A pair of sizes: the law applies where the buyer is above ``above`` and the seller not above ``most``."""

    of: str
    above: int
    most: int


_LARGE = (
    Threshold("capital_yen", 300_000_000, 300_000_000),
    Threshold("capital_yen", 10_000_000, 10_000_000),
    Threshold("employees", 300, 300),
)
_SMALL = (
    Threshold("capital_yen", 50_000_000, 50_000_000),
    Threshold("capital_yen", 10_000_000, 10_000_000),
    Threshold("employees", 100, 100),
)
THRESHOLDS: tuple[tuple[date, Mapping[Work, tuple[Threshold, ...]]], ...] = (
    (
        date(2026, 1, 1),
        {Work.PROGRAM: _LARGE, Work.PROCESSING: _LARGE, Work.DELIVERABLE: _SMALL, Work.SERVICE: _SMALL},
    ),
    (
        date(2004, 4, 1),
        {
            work: tuple(one for one in pairs if one.of == "capital_yen")
            for work, pairs in (
                (Work.PROGRAM, _LARGE),
                (Work.PROCESSING, _LARGE),
                (Work.DELIVERABLE, _SMALL),
                (Work.SERVICE, _SMALL),
            )
        },
    ),
)
"""From which day on which pairs count, latest first; employees count since 2026."""
FREELANCE_SINCE = date(2024, 11, 1)


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a law applies: ``applies`` is None while ``missing`` (``buyer.employees``, …) is not stated. ``because``: of ``BECAUSE``.

    ``above`` and ``most`` are the pair of sizes that decided, if one did."""

    law: str
    applies: bool | None
    because: str
    missing: tuple[str, ...] = ()
    above: int | None = None
    most: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The finding in JSON types."""
        return {**asdict(self), "missing": list(self.missing)}


def classify(work: str, *, buyer: Size, seller: Size, on: date) -> tuple[Finding, ...]:
    """Whether each law applies to work that ``buyer`` commissions from ``seller`` on a day. An unknown size is not a "no"."""
    return (_toriteki(Work(work), buyer, seller, on), _freelance(buyer, seller, on))


def is_protected(findings: Iterable[Mapping[str, Any]]) -> bool:
    """Whether what the laws demand is to be kept: one applies, or it is not known that it does not."""
    return any(finding["applies"] is not False for finding in findings)


def missing_sizes(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """The sizes to be stated before both parties can sign, each as ``buyer.employees``; none once it is known that a law applies."""
    stated = list(findings)
    if any(finding["applies"] is True for finding in stated):
        return []
    return sorted({name for finding in stated for name in finding["missing"]})


def _toriteki(work: Work, buyer: Size, seller: Size, on: date) -> Finding:
    pairs = next((table[work] for since, table in THRESHOLDS if since <= on), None)
    if pairs is None:
        return Finding(Law.TORITEKI.value, applies=False, because="not_in_force")
    if buyer.is_individual:
        return Finding(Law.TORITEKI.value, applies=False, because="individual")
    unknown: set[str] = set()
    for pair in pairs:
        sides = {"buyer": _size(buyer, pair.of), "seller": _size(seller, pair.of)}
        is_above = None if sides["buyer"] is None else sides["buyer"] > pair.above
        is_small = None if sides["seller"] is None else sides["seller"] <= pair.most
        if is_above and is_small:
            because = "capital" if pair.of == "capital_yen" else "employees"
            return Finding(
                Law.TORITEKI.value, applies=True, because=because, above=pair.above, most=pair.most
            )
        if is_above is not False and is_small is not False:
            unknown |= {f"{side}.{pair.of}" for side, size in sides.items() if size is None}
    if unknown:
        return Finding(Law.TORITEKI.value, applies=None, because="unstated", missing=tuple(sorted(unknown)))
    return Finding(Law.TORITEKI.value, applies=False, because="sizes")


def _size(side: Size, of: str) -> int | None:
    """A size for a threshold; an individual has no capital, which is below every threshold."""
    if of == "capital_yen":
        return 0 if side.is_individual else side.capital_yen
    return side.employees


def _freelance(buyer: Size, seller: Size, on: date) -> Finding:
    law = Law.FREELANCE.value
    if on < FREELANCE_SINCE:
        return Finding(law, applies=False, because="not_in_force")
    seller_alone, buyer_alone = _works_alone(seller), _works_alone(buyer)
    if seller_alone is False:
        return Finding(law, applies=False, because="not_sole")
    if buyer_alone is True:
        return Finding(law, applies=False, because="both_sole")
    if seller_alone and buyer_alone is False:
        return Finding(law, applies=True, because="sole")
    missing = [
        f"{name}.{fact}"
        for name, side, alone in (("buyer", buyer, buyer_alone), ("seller", seller, seller_alone))
        if alone is None
        for fact in _unstated(side)
    ]
    return Finding(law, applies=None, because="unstated", missing=tuple(sorted(missing)))


def _works_alone(side: Size) -> bool | None:
    """Whether one works without employees and, as a company, with one officer; None while that is not stated."""
    if side.employees or (not side.is_individual and side.officers is not None and side.officers > 1):
        return False
    return None if _unstated(side) else True


def _unstated(side: Size) -> list[str]:
    needed = ("employees",) if side.is_individual else ("employees", "officers")
    return [fact for fact in needed if getattr(side, fact) is None]
