"""Whether an agreement over rights of use can be carried out: they permit what they sell, for long enough. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from marketplace.kernel.bounds import YEAR_MAX
from marketplace.kernel.calendars import funding_deadline
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .choices import ContractType, DisclosureScope, Rights
from .constraints import Question, World
from .evaluation import Outcome, Verdict, evaluate, lacking
from .limits import end_of_use
from .rules import Atom
from .serialisation import ACTIONS, rules_of
from .vocabulary import TRANSFER

FAULTS: dict[str, Label] = {
    "onward_transfer": Label(
        "a transfer includes the right to sell, so permit onward transfer, or choose another contract type",
        "譲渡には販売する権利が含まれます。第三者提供を可とするか、契約形態を変更してください",
    ),
    "valid_until": Label(
        f"specify a day that is not past, before the year {YEAR_MAX}",
        f"過ぎていない日を{YEAR_MAX - 1}年までで指定してください",
    ),
    "duration": Label(
        f"specify a period that is longer than zero and ends before the year {YEAR_MAX}",
        f"ゼロより長く、{YEAR_MAX - 1}年までに終わる期間を指定してください",
    ),
}
ENDS_UNPAID = Label(
    "the right of use ends before the last day on which the price is paid in: let it last longer, or shorten funding_days",
    "利用権が入金期限の日より前に終了します。利用期間を延ばすか、funding_days を短くしてください",
)
LIMITED_BY = {"dateTime": "valid_until", "elapsedTime": "duration"}


def require_feasible(
    rights: Rights, *, funding_days: int, now: datetime, zone: ZoneInfo, prefix: str = "rights"
) -> None:
    """Check that what is agreed at ``now`` over these rights can be carried out: they permit what they sell, at least until the end of
    the last day on which the price is paid in. So nobody pays for a right that has ended.

    Asked when an offer is made, submitted and published, at each proposal and at both signatures. Raises FieldInvalid, which names the
    choice as ``<prefix>.<name>``.
    """
    require_usable(rights, now=now, zone=zone, prefix=prefix)
    end = end_of_use(rights.valid_until, rights.duration, now, zone)
    # Time that is given back ends access later, so a year is left.
    if end is not None and end[0].year >= YEAR_MAX:
        raise FieldInvalid(f"{prefix}.{end[1]}", FAULTS[end[1]])
    if end is not None and end[0] < funding_deadline(now, funding_days, zone):
        raise FieldInvalid(f"{prefix}.{end[1]}", ENDS_UNPAID)


def require_usable(rights: Rights, *, now: datetime, zone: ZoneInfo, prefix: str = "rights") -> None:
    """Check that a buyer who meets every condition may do at ``now`` what the rights sell.

    Raises FieldInvalid, which names as ``<prefix>.<name>`` the choice that contradicts the sale.
    """
    policy = rules_of(rights)
    facts = {"purpose": f"m:{rights.purposes[0]}", "count": "1"}
    if rights.disclosure_scope != DisclosureScope.UNRESTRICTED:
        facts["recipient"] = f"m:{rights.disclosure_scope}"
    if rights.regions:
        facts["spatial"] = rights.regions[0]
    world = World(zone=zone, now=now, agreed_at=now, events=frozenset())
    for action in _sold(rights):
        verdict = evaluate(policy, Question(action, facts=facts), world)
        if verdict.outcome is not Outcome.PERMITTED:
            name = _at_fault(verdict)
            raise FieldInvalid(f"{prefix}.{name}", FAULTS[name])


def _sold(rights: Rights) -> tuple[str, ...]:
    """The actions that the contract type sells; a transfer also what it includes."""
    actions = ACTIONS[ContractType(rights.contract_type)]
    return (*actions, "sell") if TRANSFER in actions else actions


def _at_fault(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.PROHIBITED or verdict.decided_by is None:
        return "onward_transfer"
    conditions = (premise.condition for premise in lacking(verdict.decided_by))
    return next(
        LIMITED_BY[one.left] for one in conditions if isinstance(one, Atom) and one.left in LIMITED_BY
    )
