"""Limits of authority (決裁限度額): up to what value one person commits its organisation alone. Pure.

An organisation states limits for a role or for a person, for one act and for a calendar month of Japan. A person's own limit
stands in place of its role's. Where a limit is stated in another currency alone, nothing is within it: otherwise a listing in
dollars would pass by a limit in yen. The guards read the same rule from ``LIMIT`` in SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.calendars import BusinessCalendar
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import RULES, Permission

ACT_LABELS: Final[Mapping[str, Label]] = {
    "sign": Label("sign contracts", "契約の署名"),
    "buy": Label("buy", "購入"),
}


class LimitedAct(TextChoices):
    """What a limit is for: the value of a contract that is signed, or what is bought and secured by a guarantee."""

    SIGN = "sign", ACT_LABELS["sign"]
    BUY = "buy", ACT_LABELS["buy"]


class LimitOf(StrEnum):
    """What a limit bounds."""

    ACT = "act"
    MONTH = "month"


LIMIT_LABELS: Final[Mapping[LimitOf, Label]] = {
    LimitOf.ACT: Label("one act", "1件"),
    LimitOf.MONTH: Label("a calendar month", "1か月"),
}
PERMISSIONS: Final[Mapping[LimitedAct, tuple[Permission, ...]]] = {
    LimitedAct.SIGN: (Permission.CONTRACTS_SIGN,),
    LimitedAct.BUY: (Permission.CONTRACTS_SIGN, Permission.NEGOTIATIONS_SETTLE),
}
"""By which permissions a person commits its organisation to an act."""
APPOINTED: Final = "trustee"
"""A court's trustee is bound by the court, not by what the owners stated."""


def role_of(permission: Permission) -> str:
    """The one role at a participant that commits its organisation by a permission."""
    (role,) = RULES[permission].participant - {APPOINTED}
    return role


ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    act.value: tuple(sorted({role_of(permission) for permission in permissions}))
    for act, permissions in PERMISSIONS.items()
}
"""The roles that an act is limited for."""

WAITING_DAYS_MIN: Final = 2
"""One whole business day takes so many days or more; the database, which knows no holidays, holds this."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What is within a limit, in minor units: one act, and a month. None: without a limit."""

    per_act_minor: int | None = None
    per_month_minor: int | None = None

    def is_above(self, other: Ceiling) -> bool:
        """Whether it allows more than another one."""
        return _more(self.per_act_minor, other.per_act_minor) or _more(
            self.per_month_minor, other.per_month_minor
        )


UNLIMITED: Final = Ceiling()
NOTHING: Final = Ceiling(0, 0)


@dataclass(frozen=True, slots=True)
class Stated:
    """A limit that stands: for a ``role`` or a ``person``, in a currency. Without amounts it was taken back."""

    act: str
    role: str
    person: str
    currency: str
    ceiling: Ceiling


def ceiling_of(limits: Iterable[Stated], *, act: str, role: str, person: str, currency: str) -> Ceiling:
    """What a person may commit its organisation to in a role, by the limits that stand; the person may be empty."""
    bound = [
        each
        for each in limits
        if each.act == act
        and each.ceiling != UNLIMITED
        and (each.role == role if each.role else bool(person) and each.person == person)
    ]
    if not bound:
        return UNLIMITED
    nearest = max(bound, key=lambda each: (each.currency == currency, bool(each.person)))
    return nearest.ceiling if nearest.currency == currency else NOTHING


def is_raised(limits: Iterable[Stated], stated: Stated) -> bool:
    """Whether a statement allows somebody more than the ``limits`` that stand."""
    standing = list(limits)
    key = (stated.act, stated.role, stated.person, stated.currency)
    after = [each for each in standing if (each.act, each.role, each.person, each.currency) != key]
    roles = (stated.role,) if stated.role else ROLES[stated.act]
    return any(
        ceiling_of(
            [*after, stated], act=stated.act, role=role, person=stated.person, currency=stated.currency
        ).is_above(
            ceiling_of(standing, act=stated.act, role=role, person=stated.person, currency=stated.currency)
        )
        for role in roles
    )


def effective_on(stated_on: date) -> date:
    """The day from which a raised limit holds: the one after a whole business day, on which people read what they are told."""
    return BusinessCalendar().add_business_days(stated_on, 1) + timedelta(days=1)


def _more(one: int | None, other: int | None) -> bool:
    return other is not None and (one is None or one > other)


LIMIT: Final = """
    SELECT CASE WHEN s.currency = {CURRENCY} THEN s.per_act_minor ELSE 0 END AS per_act_minor,
           CASE WHEN s.currency = {CURRENCY} THEN s.per_month_minor ELSE 0 END AS per_month_minor
      FROM (SELECT DISTINCT ON (l.person, l.role, l.currency) l.person, l.currency, l.per_act_minor, l.per_month_minor
              FROM public.participants_authoritylimit l
             WHERE l.organisation_id = {ORGANISATION} AND l.act = {ACT} AND {STANDING}
               AND (l.role = {ROLE} OR l.role = '' AND l.person = {PERSON})
             ORDER BY l.person, l.role, l.currency, l.id DESC) s
     WHERE s.per_act_minor IS NOT NULL OR s.per_month_minor IS NOT NULL
     ORDER BY (s.currency = {CURRENCY}) DESC, (s.person <> '') DESC LIMIT 1"""
"""``ceiling_of`` as a query of one row, or of none without a limit. ``STANDING``: which statements ``l`` hold at the moment."""


def limit_sql(*, row: str, standing: str, act: str = "", role: str = "", person: str = "") -> str:
    """``LIMIT`` for a ``row`` of a table with the columns organisation_id, currency, and act, role and person unless given."""
    filled = LIMIT
    for name, text in {
        "CURRENCY": f"{row}.currency",
        "ORGANISATION": f"{row}.organisation_id",
        "ACT": act or f"{row}.act",
        "STANDING": standing,
        "ROLE": role or f"{row}.role",
        "PERSON": person or f"{row}.person",
    }.items():
        filled = filled.replace("{" + name + "}", text)
    return filled


MONTH: Final = (
    "date_trunc('month', {MOMENT} AT TIME ZONE 'Asia/Tokyo') AT TIME ZONE 'Asia/Tokyo'",
    "(date_trunc('month', {MOMENT} AT TIME ZONE 'Asia/Tokyo') + interval '1 month') AT TIME ZONE 'Asia/Tokyo'",
)
"""The beginning and the end of the calendar month of a moment, in SQL."""


def in_month(column: str, moment: str) -> str:
    """Whether a column is in the calendar month of a moment, in SQL."""
    since, until = (bound.replace("{MOMENT}", moment) for bound in MONTH)
    return f"{column} >= {since} AND {column} < {until}"
