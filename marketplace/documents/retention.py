"""Rendered documents that leave: they are rendered again when somebody asks for them."""

from marketplace.kernel.retention import OldRows, by_statement

OldRows(
    name="documents",
    remove=by_statement("documents_rendereddocument", "rendered_at < %(before)s", guard="append_only"),
    not_held="They are rendered again, the same bytes, from what is kept.",
)
