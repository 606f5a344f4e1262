"""Old entries of the feed, old messages and attempts, and secrets that no longer sign, which leave.

They leave as everything old does: by the owner's command, after the days of ``settings.RETENTION``, although the
application's role may delete them too. One table then tells how long everything stays, and no process that strangers
reach has deleting among its tasks. That it runs once a day costs nothing: a row that is a day late is read as before, and
an expired secret signs nothing meanwhile, because senders look at its end.
"""

from marketplace.kernel.retention import HeldRows, OldRows, by_statement

_ORGANISATION = (
    "SELECT o.public_id FROM public.webhooks_webhook w JOIN public.participants_organisation o ON o.id = w.organisation_id"
    " WHERE w.id = {row}.webhook_id"
)

OldRows(
    name="feed",
    remove=by_statement("webhooks_feedentry", "published_at < %(before)s"),
    not_held="The events that it shows stay.",
)
OldRows(
    name="webhook_messages",
    remove=by_statement(
        "webhooks_webhookmessage",
        "queued_at < %(before)s",
        held=HeldRows((_ORGANISATION,), "{row}.queued_at"),
    ),
)
OldRows(
    name="webhook_attempts",
    remove=by_statement(
        "webhooks_webhookattempt",
        "ended_at < %(before)s",
        held=HeldRows((_ORGANISATION,), "{row}.ended_at"),
    ),
)
OldRows(
    name="webhook_secrets",
    remove=by_statement("webhooks_webhooksecret", "expires_at < %(before)s"),
    not_held="What no longer signs tells nothing.",
)
