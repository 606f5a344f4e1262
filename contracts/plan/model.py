"""The plan of an agreement as data: what is signed of it, and what delivery and clearing execute. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from listings.rights.limits import end_of_use

VERSION = "sanpo.plan.v1"
SUSPENSION_DAYS_MAX = 90
"""So many days the operator suspends access at most, each time; then it opens by itself."""
LATER = ("metering", "shares", "adjustments")
"""What version 1 of ``Money`` gained: it is left out where a contract has none of it, so that older plans stay as they were."""


class PlanUnreadable(ValueError):
    """A stored plan has a version that no executor here knows."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The ends of the window of access, by the term that states each: a last day (ISO 8601 date), and a period (ISO 8601
    duration) that runs from the conclusion. The earlier end counts; without either there is none."""

    valid_until: str | None
    duration: str | None


@dataclass(frozen=True, slots=True)
class Access:
    """The window of access. ``begins`` is an event, relative because its moment is not known; ``stands_still`` says what stops a
    period that runs, which then ends later. A stated last day does not move."""

    begins: str
    ends: Ends
    stands_still: tuple[str, ...]

    def ends_at(self, concluded_at: datetime, zone: ZoneInfo) -> datetime | None:
        """The instant (UTC) at which access ends by itself, or None."""
        return _in_utc(end_of_use(self.ends.valid_until, self.ends.duration, concluded_at, zone))

    def ends_latest(self, concluded_at: datetime, zone: ZoneInfo) -> datetime | None:
        """The instant (UTC) past which lost access is not given back: the end of a stated last day, or None."""
        return _in_utc(end_of_use(self.ends.valid_until, None, concluded_at, zone))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What counts as receipt, each alone: ``by``; ``deemed_minutes`` after every file was sent as a whole it is deemed."""

    by: tuple[str, ...]
    deemed_minutes: int


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What counts as acceptance: ``by``; ``inspection_days`` calendar days from receipt; ``stands_still`` stops them."""

    inspection_days: int
    by: tuple[str, ...]
    stands_still: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge: its number from 1 and its price without tax. It falls due on the day ``due_on`` (ISO 8601), or if that is None
    ``months`` months after the day of the conclusion, on which the first is due. It secures access to what it pays for."""

    charge: int
    price_minor: int
    due_on: str | None
    months: int


@dataclass(frozen=True, slots=True)
class Money:
    """The price in minor units without tax, in what rhythm it is charged, and within how many bank business days of its due day each
    charge is paid in. ``charging`` and what follows are the terms of ``listings.charging_terms``. What a charge pays for is released to
    the seller ``released``: when the delivery was accepted, and of periods at the end of each. Where use is metered, each costs
    ``unit_price_minor``, or what ``metering`` (``listings.metering``) says beside it, and a charge is the most of its period.
    Of each charge ``shares`` (``listings.shares``) go to beneficiaries, and by
    ``adjustments`` (``listings.adjusting_terms``) its price changes by itself. What is None of the fields with a default is left out of the signed object."""

    price_minor: int
    currency: str
    tax_category: str
    funding_days: int
    charging: str
    period_months: int
    first_period_from: str | None
    released: str
    unit_price_minor: int | None
    charges: tuple[Charge, ...]
    metering: dict[str, Any] | None = None
    shares: tuple[dict[str, Any], ...] | None = None
    adjustments: tuple[dict[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """A way in which something ends (``of``: agreement, access, delivery or dispute; ``reason``: its code there), and what then
    happens to money, access and copies, and which duties go on."""

    of: str
    reason: str
    money: str
    access: str
    copies: str
    duties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Who may stop what, once or for a time."""

    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline: who must do what within ``amount`` of ``unit`` after an event, how it is reminded, and what follows.

    ``amount`` is None where the rulebook in force states it."""

    what: str
    who: str
    amount: int | None
    unit: str
    after: str
    reminder: str
    then: str


@dataclass(frozen=True, slots=True)
class Kept:
    """How the rights that an agreement limits or demands are kept: by the market's programs, or by the buyer's promise."""

    enforced: tuple[str, ...]
    promised: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Commission:
    """Commissioned work that ``laws`` protect: it is paid for within ``payment_days``, of which the day of receipt is the first;
    ``holiday_shift``: a last day that is a bank holiday may come up to two days later."""

    laws: tuple[str, ...]
    payment_days: int
    holiday_shift: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What both parties sign of how their agreement is carried out, and the only thing that delivery and clearing execute.

    ``renewal``: the term (``renewing.terms``) by which it goes on after its end."""

    version: str
    access: Access
    receipt: Receipt
    acceptance: Acceptance
    money: Money
    endings: tuple[Ending, ...]
    stops: tuple[Stop, ...]
    deadlines: tuple[Deadline, ...]
    rights: Kept
    commission: Commission | None = None
    renewal: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The plan in JSON types, as it stands in the signed object; what is not commissioned, or not renewed, says nothing of it."""
        said = asdict(self)
        for name in ("commission", "renewal"):
            if said[name] is None:
                del said[name]
        for name in LATER:
            if said["money"][name] is None:
                del said["money"][name]
        return {name: _plain(value) for name, value in said.items()}


def read_plan(stored: Mapping[str, Any]) -> Plan:
    """The plan from ``as_dict``, by its version. Raises PlanUnreadable for a version that is not known."""
    version = stored.get("version")
    if version not in READERS:
        raise PlanUnreadable(f"{version} is no version of a plan; known are {', '.join(READERS)}")
    return READERS[version](stored)


def _read_v1(stored: Mapping[str, Any]) -> Plan:
    access, money = stored["access"], stored["money"]
    listed = {name: tuple(money[name]) for name in ("shares", "adjustments") if name in money}
    return Plan(
        version=VERSION,
        access=Access(access["begins"], Ends(**access["ends"]), tuple(access["stands_still"])),
        receipt=Receipt(**_tuples(stored["receipt"])),
        acceptance=Acceptance(**_tuples(stored["acceptance"])),
        money=Money(**{**money, "charges": tuple(Charge(**one) for one in money["charges"]), **listed}),
        endings=tuple(Ending(**_tuples(one)) for one in stored["endings"]),
        stops=tuple(Stop(**one) for one in stored["stops"]),
        deadlines=tuple(Deadline(**one) for one in stored["deadlines"]),
        rights=Kept(**_tuples(stored["rights"])),
        commission=Commission(**_tuples(stored["commission"])) if "commission" in stored else None,
        renewal=stored.get("renewal"),
    )


READERS = {VERSION: _read_v1}
"""One reader a version: what was signed under an older one is executed as it was signed."""


def _in_utc(end: tuple[datetime, str] | None) -> datetime | None:
    return end[0].astimezone(UTC) if end else None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _tuples(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
