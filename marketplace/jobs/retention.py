"""Old jobs that leave."""

from marketplace.kernel.retention import HeldRows, OldRows, by_statement

OldRows(
    name="jobs",
    remove=by_statement(
        "jobs_job",
        "state IN ('done', 'abandoned') AND ended_at < %(before)s",
        guard="no_delete",
        held=HeldRows(("{row}.organisation", "{row}.subject"), "{row}.created_at"),
    ),
)
