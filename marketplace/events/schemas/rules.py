"""Events of the rules: rulebooks and halts."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import EVERYONE, Event


@dataclass(frozen=True, kw_only=True)
class RulebookPublished(Event):
    """A version of the rulebook was published. ``effective_from``: ISO 8601 instant."""

    type = "rulebook.published"
    subject_field = "rulebook"
    audience = EVERYONE

    rulebook: str
    number: int
    digest: str
    effective_from: str


@dataclass(frozen=True, kw_only=True)
class TradingHalted(Event):
    """A halt began. ``scope``: ``listing``, ``segment`` or ``market``; ``since``: ISO 8601 instant.

    ``target``: the listing's public identifier or the segment's code, None for the market.
    """

    type = "trading.halted"
    subject_field = "halt"
    audience = EVERYONE

    halt: str
    scope: str
    target: str | None
    since: str


@dataclass(frozen=True, kw_only=True)
class TradingResumed(Event):
    """A halt was lifted. ``scope`` and ``target``: as in TradingHalted; ``resumed_at``: ISO 8601 instant."""

    type = "trading.resumed"
    subject_field = "halt"
    audience = EVERYONE

    halt: str
    scope: str
    target: str | None
    resumed_at: str
