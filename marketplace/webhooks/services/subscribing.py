"""Create and change webhooks, rotate their secrets, test them, and replay events to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction

from marketplace.events.queries import names_by_key
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.notices.services import close_tasks
from marketplace.notices.states import TaskKind
from marketplace.participants.queries import lock_organisation
from marketplace.participants.suspension_queries import require_active

from ..addresses import check_url
from ..errors import PingWaiting, TooManyWebhooks, WebhookNotActive
from ..models import Webhook, WebhookMessage, WebhookSecret
from ..queries import page_statement, position_before, position_of, webhooks_of
from ..scopes import scope_of, short_type, visible_types
from ..secrets import new_secret, seal
from ..states import WEBHOOK, DisabledReason, MessageState, WebhookState

WEBHOOKS_MAX = 10
ROTATION_HOURS = 24
REPLAY_MAX = 2_000

# An event that was sent before is sent again under the same identifier; one that waits for its next attempt is due now.
REPLAY = """
    WITH chosen AS ({page}), queued AS (
        INSERT INTO webhooks_webhookmessage (webhook_id, event_id, state, attempts)
        SELECT %(webhook)s, event_id, 'pending', 0 FROM chosen
        ON CONFLICT (webhook_id, event_id) DO UPDATE
           SET state = 'pending', attempts = 0, queued_at = excluded.queued_at, due_at = excluded.due_at
         WHERE webhooks_webhookmessage.lease_until IS NULL
        RETURNING id
    )
    SELECT (SELECT count(*) FROM queued), (SELECT count(*) FROM chosen),
           (SELECT event_id FROM chosen ORDER BY id DESC LIMIT 1)
"""


@transaction.atomic
def create_webhook(
    *, actor: Actor, url: str, event_types: Sequence[str] = (), description: str = ""
) -> tuple[Webhook, str]:
    """Create a webhook of the actor's organisation; returns it and its secret, which is shown only now.

    The actor is an owner or a program. Raises PermissionNeeded, FieldInvalid, TooManyWebhooks,
    OrganisationSuspended, Forbidden.
    """
    organisation_id = actor.require_organisation()
    actor.require(Permission.WEBHOOKS_WRITE)
    require_active(organisation_id)
    lock_organisation(organisation_id)
    if webhooks_of(actor).count() >= WEBHOOKS_MAX:
        raise TooManyWebhooks(limit=WEBHOOKS_MAX)
    scope = scope_of(actor)
    webhook = Webhook(organisation_id=organisation_id, scope=scope, description=description.strip())
    _set_target(webhook, url, event_types)
    webhook.save()
    secret = _add_secret(webhook)
    _record(actor, webhook, "created", **_stated(webhook))
    return webhook, secret


@transaction.atomic
def revise_webhook(
    *,
    actor: Actor,
    webhook: str,
    url: str | None = None,
    event_types: Sequence[str] | None = None,
    description: str | None = None,
) -> Webhook:
    """Change what is given; messages that wait go to the new URL. Raises PermissionNeeded, OrganisationSuspended,
    FieldInvalid, Missing."""
    subject = _lock_own(actor, webhook)
    require_active(subject.organisation_id)
    _set_target(
        subject,
        subject.url if url is None else url,
        subject.event_types if event_types is None else event_types,
    )
    if description is not None:
        subject.description = description.strip()
    subject.save(update_fields=["url", "event_types", "description"])
    _record(actor, subject, "revised", **_stated(subject))
    return subject


@transaction.atomic
def disable_webhook(*, actor: Actor, webhook: str) -> Webhook:
    """Send nothing more to the webhook until it is enabled. Raises PermissionNeeded, Missing, IllegalTransition."""
    subject = _lock_own(actor, webhook)
    reason = DisabledReason.OWNER.value
    advance(subject, WEBHOOK, command="disable", role=actor.role.value, disabled_reason=reason)
    _record(actor, subject, "disabled", reason=reason)
    return subject


@transaction.atomic
def enable_webhook(*, actor: Actor, webhook: str) -> Webhook:
    """Send to the webhook again, also the messages that waited, when they are due; other events must be replayed.

    Raises PermissionNeeded, OrganisationSuspended, Missing, IllegalTransition.
    """
    subject = _lock_own(actor, webhook)
    require_active(subject.organisation_id)
    advance(
        subject,
        WEBHOOK,
        command="enable",
        role=actor.role.value,
        disabled_reason=None,
        failing_since=None,
        recovered_at=clock.real_now(),
    )
    _close_task(subject)
    _record(actor, subject, "enabled")
    return subject


@transaction.atomic
def delete_webhook(*, actor: Actor, webhook: str) -> None:
    """Delete the webhook: its secrets are erased and nothing is sent. Raises PermissionNeeded, Missing."""
    subject = _lock_own(actor, webhook)
    advance(subject, WEBHOOK, command="delete", role=actor.role.value, disabled_reason=None)
    WebhookSecret.objects.filter(webhook=subject).delete()
    _close_task(subject)
    _record(actor, subject, "deleted")


@transaction.atomic
def rotate_secret(*, actor: Actor, webhook: str) -> tuple[Webhook, str]:
    """Give the webhook a new secret; returns both. The one before it also signs for ``ROTATION_HOURS``.

    A still older one, of a rotation less than that ago, stops signing at once. Raises PermissionNeeded, Missing.
    """
    subject = _lock_own(actor, webhook)
    WebhookSecret.objects.filter(webhook=subject, expires_at__isnull=False).delete()
    ends_at = clock.real_now() + timedelta(hours=ROTATION_HOURS)
    WebhookSecret.objects.filter(webhook=subject).update(expires_at=ends_at)
    secret = _add_secret(subject)
    _record(actor, subject, "secret_rotated")
    return subject, secret


@transaction.atomic
def ping_webhook(*, actor: Actor, webhook: str) -> str:
    """Queue a test message; returns its identifier, under which its attempts are listed.

    Raises PermissionNeeded, OrganisationSuspended, Missing, WebhookNotActive, PingWaiting.
    """
    subject = _lock_own(actor, webhook)
    require_active(subject.organisation_id)
    _require_active(subject)
    waiting = WebhookMessage.objects.filter(webhook=subject, ping__isnull=False, state=MessageState.PENDING)
    if waiting.exists():
        raise PingWaiting(webhook=subject.public_id)
    identifier = new_identifier("png")
    WebhookMessage.objects.create(webhook=subject, ping=identifier)
    return identifier


@transaction.atomic
def replay_events(
    *, actor: Actor, webhook: str, after: str | None = None, since: datetime | None = None
) -> tuple[int, str | None]:
    """Queue again the events of the webhook's types after the event ``after``, or published since an instant.

    At most ``REPLAY_MAX`` at a time: returns how many were queued, and the last event looked at if there may be
    more, to go on after. Raises PermissionNeeded, OrganisationSuspended, Missing, FieldInvalid, CursorUnknown, WebhookNotActive.
    """
    subject = _lock_own(actor, webhook)
    require_active(subject.organisation_id)
    _require_active(subject)
    if (after is None) == (since is None):
        reason = Label("specify either after or since", "afterかsinceのどちらか一方を指定してください")
        raise FieldInvalid("after", reason)
    page, parameters = page_statement(
        scope=subject.scope,
        types=subject.event_types,
        after=position_of(subject.scope, after) if after is not None else position_before(since),
        limit=REPLAY_MAX,
    )
    with connection.cursor() as cursor:
        cursor.execute(REPLAY.replace("{page}", page), {**parameters, "webhook": subject.pk})
        queued, looked_at, last = cursor.fetchone()
    _record(
        actor, subject, "replayed", after=after, since=since.isoformat() if since else None, queued=queued
    )
    return queued, names_by_key([last])[last][0] if looked_at == REPLAY_MAX else None


def _lock_own(actor: Actor, public_id: str) -> Webhook:
    """The webhook of the actor's organisation, locked; raises PermissionNeeded, Missing, also for a deleted one."""
    # Publishing refers to the webhook's key meanwhile, so the key is left unlocked.
    webhook = webhooks_of(actor).select_for_update(no_key=True).filter(public_id=public_id).first()
    if webhook is None:
        raise Missing(kind="webhook", identifier=public_id)
    actor.require(Permission.WEBHOOKS_WRITE)
    return webhook


def _set_target(webhook: Webhook, url: str, event_types: Sequence[str]) -> None:
    """Set URL and types after checking them; raises FieldInvalid."""
    check_url(url, local=settings.WEBHOOKS_LOCAL)
    permitted = visible_types(webhook.scope)
    types = {name: short_type(name) for name in event_types}
    unknown = sorted(name for name, known in types.items() if known not in permitted)
    if unknown:
        listed = ", ".join(unknown)
        raise FieldInvalid(
            "event_types",
            Label(
                f"these are no event types that you may see: {listed}. The list is at events/types/",
                f"次のイベント種別は指定できません: {listed}。一覧は events/types/ にあります",
            ),
        )
    webhook.url = url
    webhook.event_types = sorted({known for known in types.values() if known is not None})


def _add_secret(webhook: Webhook) -> str:
    secret = new_secret()
    WebhookSecret.objects.create(webhook=webhook, sealed=seal(secret))
    return secret


def _require_active(webhook: Webhook) -> None:
    if webhook.state != WebhookState.ACTIVE:
        raise WebhookNotActive(webhook=webhook.public_id)


def _close_task(webhook: Webhook) -> None:
    close_tasks(thread=webhook.public_id, kinds=(TaskKind.RECONNECT,), done_by=webhook.organisation_id)


def _stated(webhook: Webhook) -> dict[str, Any]:
    """What evidence keeps of a webhook: its host, because path and query may carry secrets of the receiver."""
    return {"host": urlsplit(webhook.url).hostname, "event_types": webhook.event_types}


def _record(actor: Actor, webhook: Webhook, what: str, **payload: Any) -> None:
    record(kind=f"webhooks.{what}", subject=webhook.public_id, actor=actor, payload=payload)
