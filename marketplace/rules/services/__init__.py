"""What can be done with the rules: publishing them, deciding by them, and halting trade."""

from .decisions import DecisionView, Judgement, evaluate, preview, replay, verify_replays
from .rulebooks import publish_rulebook

__all__ = [
    "DecisionView",
    "Judgement",
    "evaluate",
    "preview",
    "publish_rulebook",
    "replay",
    "verify_replays",
]
