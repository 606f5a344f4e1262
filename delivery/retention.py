"""Counts of refused downloads that leave."""

from marketplace.kernel.retention import OldRows, by_statement

OldRows(
    name="refused_downloads",
    remove=by_statement("delivery_refuseddownloads", "recorded_at < %(before)s", guard="no_delete"),
    not_held="What was noticed in them stands in a review, which stays.",
)
