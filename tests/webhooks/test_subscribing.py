"""People of an organisation create and change its webhooks; every change leaves evidence."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.errors import FieldInvalid, IllegalTransition, Missing, PermissionNeeded
from marketplace.kernel.permissions import permissions_of
from marketplace.webhooks import services
from marketplace.webhooks.errors import CursorUnknown, PingWaiting, TooManyWebhooks, WebhookNotActive
from marketplace.webhooks.models import Webhook, WebhookMessage, WebhookSecret
from marketplace.webhooks.secrets import sign, unseal
from marketplace.webhooks.services.claiming import claim
from marketplace.webhooks.services.subscribing import WEBHOOKS_MAX
from tests.participants import factories as parties

from . import factories

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com/sanpo?token=hidden"


@pytest.fixture
def owner():
    return parties.organisation("O")


@pytest.fixture
def webhook(owner):
    return factories.webhook(owner, URL, "trade.refunded")[0]


def evidence(webhook: Webhook) -> list[tuple[str, dict]]:
    rows = EvidenceRecord.objects.filter(subject=webhook.public_id).order_by("pk")
    return list(rows.values_list("kind", "payload"))


def test_a_webhook_has_a_secret_that_only_its_creator_sees(owner):
    webhook, secret = factories.webhook(owner, URL, "sanpo.trade.secured.v1", "trade.failed", "trade.failed")
    assert (webhook.event_types, webhook.scope) == (["trade.failed", "trade.secured"], owner.public_id)
    stored = WebhookSecret.objects.get(webhook=webhook)
    assert secret not in stored.sealed
    assert unseal(stored.sealed) == secret
    assert evidence(webhook) == [
        ("webhooks.created", {"host": "hooks.example.com", "event_types": ["trade.failed", "trade.secured"]})
    ]


@pytest.mark.parametrize(
    ("types", "named"), [(("trade.vanished",), "trade.vanished"), (("payment.lost",), "payment.lost")]
)
def test_types_that_the_organisation_may_not_see_are_refused(owner, types, named):
    with pytest.raises(FieldInvalid, match=named) as refusal:
        factories.webhook(owner, URL, *types)
    assert refusal.value.name == "event_types"
    assert Webhook.objects.count() == 0


def test_the_operator_may_be_sent_every_type(owner):
    webhook, _ = factories.webhook(parties.operator(), URL, "payment.lost")
    assert (webhook.scope, webhook.event_types) == ("operator", ["payment.lost"])


def test_a_url_that_is_not_public_is_refused_in_production(owner, settings):
    settings.WEBHOOKS_LOCAL = False
    for url in ("http://hooks.example.com/", "https://127.0.0.1/"):
        with pytest.raises(FieldInvalid):
            factories.webhook(owner, url)
    assert Webhook.objects.count() == 0


def test_an_organisation_has_a_limited_number(owner):
    made = [factories.webhook(owner, URL)[0] for _ in range(WEBHOOKS_MAX)]
    with pytest.raises(TooManyWebhooks):
        factories.webhook(owner, URL)
    assert Webhook.objects.count() == WEBHOOKS_MAX
    services.delete_webhook(actor=parties.actor_for(owner), webhook=made[0].public_id)
    factories.webhook(owner, URL)


def commands(actor, webhook: str) -> list:
    """Every command on a webhook."""
    return [
        lambda: services.revise_webhook(actor=actor, webhook=webhook, description="x"),
        lambda: services.disable_webhook(actor=actor, webhook=webhook),
        lambda: services.enable_webhook(actor=actor, webhook=webhook),
        lambda: services.delete_webhook(actor=actor, webhook=webhook),
        lambda: services.rotate_secret(actor=actor, webhook=webhook),
        lambda: services.ping_webhook(actor=actor, webhook=webhook),
        lambda: services.replay_events(actor=actor, webhook=webhook, since=timezone.now()),
    ]


def test_another_organisation_and_the_operator_do_not_find_it(webhook):
    before = evidence(webhook)
    for stranger in (parties.organisation("X"), parties.operator()):
        for give in commands(parties.actor_for(stranger), webhook.public_id):
            with pytest.raises(Missing):
                give()
    assert evidence(webhook) == before
    assert Webhook.objects.get() == webhook


def test_a_member_without_the_permission_changes_nothing(owner, webhook):
    actor = dataclasses.replace(
        parties.actor_for(owner), permissions=permissions_of(["trader"], proved=True, is_operator=False)
    )
    before = evidence(webhook)
    for give in (*commands(actor, webhook.public_id), lambda: services.create_webhook(actor=actor, url=URL)):
        with pytest.raises(PermissionNeeded):
            give()
    assert (evidence(webhook), Webhook.objects.count()) == (before, 1)
    engineer = dataclasses.replace(
        actor, permissions=permissions_of(["engineer"], proved=False, is_operator=False)
    )
    services.disable_webhook(actor=engineer, webhook=webhook.public_id)


def test_what_is_left_out_of_a_revision_stays(owner, webhook):
    actor = parties.actor_for(owner)
    revised = services.revise_webhook(actor=actor, webhook=webhook.public_id, description=" new ")
    assert (revised.url, revised.event_types, revised.description) == (URL, ["trade.refunded"], "new")
    revised = services.revise_webhook(actor=actor, webhook=webhook.public_id, event_types=[])
    assert (revised.url, revised.event_types) == (URL, [])
    assert [kind for kind, _ in evidence(webhook)] == [
        "webhooks.created",
        "webhooks.revised",
        "webhooks.revised",
    ]


def test_two_secrets_sign_for_a_day_after_a_rotation(owner, webhook):
    actor = parties.actor_for(owner)
    first = unseal(WebhookSecret.objects.get().sealed)
    second = services.rotate_secret(actor=actor, webhook=webhook.public_id)[1]
    services.ping_webhook(actor=actor, webhook=webhook.public_id)
    claimed = claim(slots=1, failing_slots=1)[0]
    signed = sign(
        sealed=claimed.sealed, identifier=claimed.identifier, sent_at=timezone.now(), body=claimed.body
    )
    for secret in (first, second):
        assert Verifier(secret).verify(claimed.body, signed)["id"] == claimed.identifier
    ends_at = WebhookSecret.objects.get(expires_at__isnull=False).expires_at
    assert timedelta(hours=23) < ends_at - timezone.now() <= timedelta(hours=24)
    third = services.rotate_secret(actor=actor, webhook=webhook.public_id)[1]
    assert [unseal(row.sealed) for row in WebhookSecret.objects.order_by("pk")] == [second, third]


def test_an_expired_secret_does_not_sign(owner, webhook):
    actor = parties.actor_for(owner)
    second = services.rotate_secret(actor=actor, webhook=webhook.public_id)[1]
    WebhookSecret.objects.filter(expires_at__isnull=False).update(expires_at=timezone.now())
    services.ping_webhook(actor=actor, webhook=webhook.public_id)
    claimed = claim(slots=1, failing_slots=1)[0]
    assert [unseal(sealed) for sealed in claimed.sealed] == [second]


def test_a_deleted_webhook_is_gone_with_its_secrets(owner, webhook):
    actor = parties.actor_for(owner)
    services.delete_webhook(actor=actor, webhook=webhook.public_id)
    assert WebhookSecret.objects.count() == 0
    for give in commands(actor, webhook.public_id):
        with pytest.raises(Missing):
            give()
    assert [kind for kind, _ in evidence(webhook)] == ["webhooks.created", "webhooks.deleted"]


def test_commands_that_the_state_does_not_allow_are_refused(owner, webhook):
    actor, name = parties.actor_for(owner), webhook.public_id
    with pytest.raises(IllegalTransition):
        services.enable_webhook(actor=actor, webhook=name)
    services.ping_webhook(actor=actor, webhook=name)
    with pytest.raises(PingWaiting):
        services.ping_webhook(actor=actor, webhook=name)
    assert WebhookMessage.objects.count() == 1
    services.disable_webhook(actor=actor, webhook=name)
    for refused in (
        lambda: services.ping_webhook(actor=actor, webhook=name),
        lambda: services.replay_events(actor=actor, webhook=name, since=timezone.now()),
    ):
        with pytest.raises(WebhookNotActive):
            refused()
    assert WebhookMessage.objects.count() == 1


def test_a_replay_starts_from_an_event_or_an_instant(owner, webhook):
    actor, name = parties.actor_for(owner), webhook.public_id
    for both in ({}, {"after": "evt_1", "since": timezone.now()}):
        with pytest.raises(FieldInvalid):
            services.replay_events(actor=actor, webhook=name, **both)
    with pytest.raises(CursorUnknown):
        services.replay_events(actor=actor, webhook=name, after="evt_1")
    assert WebhookMessage.objects.count() == 0
