"""Old notices and mail that leave."""

from marketplace.kernel.retention import OldRows, by_statement

# A notice about anything but a listing can have legal effect: it stays as long as the agreement it belongs to.
OldRows(
    name="notices",
    remove=by_statement(
        "notices_notice",
        "told_at < %(before)s AND (starts_with(subject, 'lst_') OR starts_with(subject, 'lsv_'))",
        guard="no_delete",
    ),
)
OldRows(
    name="mail",
    remove=by_statement(
        "notices_mailmessage",
        "(state = 'sent' AND sent_at < %(before)s)"
        # The job of a mail that failed leaves after its own retention.
        " OR (state = 'failed' AND NOT EXISTS ("
        "SELECT FROM jobs_job j WHERE j.kind = 'notices.send_mail' AND j.subject = public_id))",
        guard="no_delete",
    ),
)
