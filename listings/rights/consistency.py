"""Whether rights of use ever permit what they sell. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .choices import ContractType, DisclosureScope, Rights
from .constraints import Question, World
from .evaluation import Outcome, Verdict, evaluate, lacking
from .rules import Atom
from .serialisation import ACTIONS, rules_of
from .vocabulary import TRANSFER

FAULTS: dict[str, Label] = {
    "onward_transfer": Label(
        "a transfer includes the right to sell, so permit onward transfer, or choose another contract type",
        "譲渡には販売する権利が含まれます。第三者提供を可とするか、契約形態を変更してください",
    ),
    "valid_until": Label(
        "specify a day that is not past, before the year 9999", "過ぎていない日を9998年までで指定してください"
    ),
    "duration": Label(
        "specify a period that is longer than zero and ends before the year 9999",
        "ゼロより長く、9998年までに終わる期間を指定してください",
    ),
}
LIMITED_BY = {"dateTime": "valid_until", "elapsedTime": "duration"}


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
