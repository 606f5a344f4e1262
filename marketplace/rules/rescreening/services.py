"""Ask for a re-screening when a rulebook has taken effect."""

from __future__ import annotations

from django.db import transaction

from marketplace.jobs.services import enqueue

from ..errors import NoRulebook
from ..queries import compiled_in_force
from .jobs import RESCREEN
from .models import Rescreening


def is_done() -> bool:
    """Whether everybody admitted was evaluated under the rulebook in force."""
    rulebook, _ = compiled_in_force()
    return Rescreening.objects.filter(rulebook_id=rulebook.pk).exists()


def enqueue_due() -> bool:
    """Ask for the re-screening under the rulebook in force, if it has none; on beat. Returns whether it was due."""
    try:
        rulebook, _ = compiled_in_force()
        if is_done():
            return False
    except NoRulebook:
        return False
    with transaction.atomic():
        enqueue(kind=RESCREEN, subject=rulebook.public_id)
    return True
