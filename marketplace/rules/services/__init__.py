"""Services of the rules: publish rulebooks, make decisions, halt trading."""

from .decisions import DecisionView, Judgement, evaluate, evaluate_in_turn, preview, replay, verify_replays
from .halts import halt_trading, lift_halt, require_trading_open, standing_halt
from .rulebooks import publish_rulebook

__all__ = [
    "DecisionView",
    "Judgement",
    "evaluate",
    "evaluate_in_turn",
    "halt_trading",
    "lift_halt",
    "preview",
    "publish_rulebook",
    "replay",
    "require_trading_open",
    "standing_halt",
    "verify_replays",
]
