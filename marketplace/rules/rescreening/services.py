"""Ask for a re-screening when a rulebook has taken effect."""

from __future__ import annotations

from django.db import transaction

from marketplace.jobs.services import enqueue

from ..errors import NoRulebook
from ..queries import compiled_in_force
from .jobs import RESCREEN
from .models import Rescreening


def enqueue_due() -> bool:
    """Ask for the re-screening under the rulebook in force, if it has none; on beat. Returns whether it was due."""
    try:
        rulebook, _ = compiled_in_force()
    except NoRulebook:
        return False
    if Rescreening.objects.filter(rulebook_id=rulebook.pk).exists():
        return False
    with transaction.atomic():
        enqueue(kind=RESCREEN, subject=rulebook.public_id)
    return True
