"""Old idempotency keys that leave."""

from marketplace.kernel.retention import OldRows, by_statement

OldRows(
    name="idempotency_keys",
    remove=by_statement("api_idempotencyrecord", "created_at < %(before)s"),
    not_held="They repeat what the commands themselves left in other tables.",
)
