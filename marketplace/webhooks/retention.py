"""Old rows of the feed and the webhooks that leave."""

from marketplace.kernel.retention import OldRows, by_statement

OldRows(name="feed", remove=by_statement("webhooks_feedentry", "published_at < %(before)s"))
OldRows(name="webhook_messages", remove=by_statement("webhooks_webhookmessage", "queued_at < %(before)s"))
OldRows(name="webhook_attempts", remove=by_statement("webhooks_webhookattempt", "ended_at < %(before)s"))
OldRows(name="webhook_secrets", remove=by_statement("webhooks_webhooksecret", "expires_at < %(before)s"))
