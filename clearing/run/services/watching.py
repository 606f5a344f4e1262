"""Watches client money: work that is due by the clock independent of any cycle."""

from __future__ import annotations

import logging

from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import DomainError

from ...approvals.services import expire_approvals
from ...safeguarding.services.idle_money import return_idle_money
from ...safeguarding.services.segregation import check_client_money
from ...settlement.services.payments import alarm_lost_payments

logger = logging.getLogger(__name__)

WATCHES = (check_client_money, return_idle_money, alarm_lost_payments, expire_approvals)


def watch_money(*, actor: Actor = SYSTEM) -> int:
    """Run segregation checks, returns of idle money, payment alarms and expiry of approvals; returns the sum.

    A job that refuses is logged and does not prevent the others.
    """
    done = 0
    for watch in WATCHES:
        try:
            done += watch(actor=actor)
        except DomainError as error:
            logger.error("%s was refused and needs a person: %s", watch.__name__, error)
    return done
