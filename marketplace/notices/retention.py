"""Old notices and mail that leave."""

from marketplace.kernel.retention import HeldRows, OldRows, by_statement

_ORGANISATION = (
    "SELECT o.public_id FROM public.participants_organisation o WHERE o.id = {row}.organisation_id"
)
# A mail is about a task or a notice of one organisation.
_ABOUT = (
    "SELECT o.public_id FROM public.notices_{0} a JOIN public.participants_organisation o ON o.id = a.organisation_id"
    " WHERE a.public_id = {{row}}.about"
)

# A notice about anything but a listing can have legal effect: it stays as long as the agreement it belongs to.
OldRows(
    name="notices",
    remove=by_statement(
        "notices_notice",
        "told_at < %(before)s AND (starts_with(subject, 'lst_') OR starts_with(subject, 'lsv_'))",
        guard="no_delete",
        held=HeldRows(("{row}.subject", _ORGANISATION), "{row}.told_at"),
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
        held=HeldRows(
            ("{row}.about", _ABOUT.format("notice"), _ABOUT.format("task")), "coalesce({row}.sent_at, now())"
        ),
    ),
)
