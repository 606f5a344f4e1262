"""Disable a webhook whose receiver is gone or never answers, and tell its organisation."""

from __future__ import annotations

from marketplace.evidence.services import record
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.states import advance
from marketplace.notices.services import open_task, send_notice
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import TASK_TITLES, fill_label

from ..models import Webhook
from ..states import WEBHOOK, DisabledReason
from ..texts import DISABLED


def disable(webhook: Webhook, reason: DisabledReason) -> None:
    """Disable the locked, active webhook, send its organisation a notice, and open its task to mend the receiver."""
    advance(webhook, WEBHOOK, command="disable", role="system", disabled_reason=reason.value)
    record(
        kind="webhooks.disabled",
        subject=webhook.public_id,
        actor=SYSTEM,
        payload={"reason": reason.value},
    )
    send_notice(
        organisation_id=webhook.organisation_id,
        subject=webhook.public_id,
        wording=DISABLED[reason].fill(webhook=webhook.public_id),
    )
    open_task(
        organisation_id=webhook.organisation_id,
        kind=TaskKind.RECONNECT,
        subject=webhook.public_id,
        thread=webhook.public_id,
        title=fill_label(TASK_TITLES[TaskKind.RECONNECT], webhook=webhook.public_id),
    )
