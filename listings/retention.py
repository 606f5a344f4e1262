"""Old searches that leave."""

from marketplace.kernel.retention import OldRows, by_statement

OldRows(
    name="shown_searches",
    remove=by_statement("listings_shownsearch", "day < (%(before)s)::date", guard="no_delete"),
    not_held="They tell of nobody, and the bundles that show them stay.",
)
