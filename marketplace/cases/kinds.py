"""Kinds of held cases, and who carries out what two people decide. Applications declare theirs in ``case_kinds.py``. Public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from marketplace.kernel.actors import Actor
from marketplace.participants.admission_terms import AdmissionTerms

from .states import HELD

KINDS: dict[str, HeldKind] = {}


class CarryOut(Protocol):
    """Carries out the outcome of a case in its transaction, as the second person; ``first_person`` gave it first."""

    def __call__(
        self,
        *,
        actor: Actor,
        first_person: str,
        subject: str,
        outcome: str,
        reason: str,
        terms: AdmissionTerms,
    ) -> object:
        """``subject``: the public identifier of what is on hold; ``outcome``: one of ``states.OUTCOMES`` of its kind;
        ``terms``: those on which an admission is allowed."""


class LockSubject(Protocol):
    """Locks what is on hold (public identifier) before its case, where other commands lock it first."""

    def __call__(self, subject: str) -> object:
        """Until the transaction ends."""


@dataclass(frozen=True)
class HeldKind:
    """A kind of case of what the rules put on hold. Raises ValueError for a kind that is unknown or declared twice.

    ``lock``: for what other commands lock before they look for its case.
    ``decided``: who decided what it is about, by the public identifier of its subject, and so does not decide it.
    ``takes_terms``: what is allowed may be allowed on terms, which ``carry_out`` then gets too.
    """

    code: str
    carry_out: CarryOut
    lock: LockSubject | None = None
    decided: Callable[[str], set[str]] | None = None
    takes_terms: bool = False

    def __post_init__(self) -> None:
        """Register the kind."""
        if self.code not in HELD or self.code in KINDS:
            raise ValueError(f"{self.code} is no kind of held case, or is declared twice")
        KINDS[self.code] = self
