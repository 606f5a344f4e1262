"""Invariants of tasks, notices and mail."""

from marketplace.events.queries import to_be_handled
from marketplace.kernel.aside import FAILURES_MAX
from marketplace.kernel.invariants import Invariant, by_query, columns_within_bounds

PARKED_MINUTES_MAX = 10
"""How long something may be parked, or stand aside, before its task is open; tasks are opened every few seconds."""

Invariant(
    name="notices.task_open_once",
    promise=7,
    statement="An organisation has one open task of a kind and subject, and a task is closed once.",
    guards=(
        "notices_task.task_open_once",
        "notices_task.task_closed_when",
        "notices_task.task_kind",
        "notices_task.state_guard",
        "notices_task.immutable",
        "notices_task.no_delete",
    ),
    test="tests/notices/test_guards.py::test_a_task_is_open_once",
    check=by_query(
        "SELECT organisation_id, kind, subject FROM notices_task WHERE state = 'open'"
        " GROUP BY 1, 2, 3 HAVING count(*) > 1"
    ),
)
Invariant(
    name="notices.tasks_to_approve_are_for_who_may",
    promise=7,
    statement="A task to approve a command is read by who may approve it, and by who audits the organisation.",
    guards=("notices_task.needs_as_approval", "notices_task.task_needs", "notices_task.immutable"),
    test="tests/notices/test_readers.py::test_a_task_to_approve_that_everybody_reads_is_refused_and_named",
    check=by_query(
        "SELECT t.public_id, t.subject FROM notices_task t JOIN approvals_approval a ON a.public_id = t.subject"
        " WHERE t.kind = 'countersign' AND t.needs <> a.permission"
    ),
)
_QUALIFICATION_TOLD = to_be_handled(
    subject="q.public_id", kind="qualification.moved", subscriber="marketplace.notices"
)

Invariant(
    name="notices.qualifications_have_a_deadline",
    promise=10,
    statement="A stated qualification, for which conditions of admissions may wait, is an open task of the operator with a deadline.",
    guards=("notices_task.task_open_once", "notices_task.state_guard", "notices_task.no_delete"),
    test="tests/notices/test_qualifications.py::test_a_stated_qualification_without_a_deadline_is_named",
    check=by_query(
        "SELECT q.public_id FROM participants_qualification q WHERE q.state = 'stated' AND NOT EXISTS ("  # noqa: S608
        "  SELECT FROM notices_task t JOIN participants_organisation o ON o.id = t.organisation_id AND o.is_operator"
        "   WHERE t.subject = q.public_id AND t.kind = 'review' AND t.state = 'open' AND t.deadline IS NOT NULL)"
        f"  AND NOT {_QUALIFICATION_TOLD}"
    ),
)
Invariant(
    name="notices.notice_unchanged",
    promise=7,
    statement="A notice never changes, and is marked read once.",
    guards=("notices_notice.immutable", "notices_notice.set_once", "notices_notice.no_delete"),
    test="tests/notices/test_guards.py::test_a_notice_is_kept_as_it_was_told",
    check=by_query("SELECT public_id FROM notices_notice WHERE read_at < told_at"),
)
Invariant(
    name="notices.mail_once",
    promise=7,
    statement="A person gets one mail per task or notice, and a sent mail is never sent again.",
    guards=(
        "notices_mailmessage.mail_once",
        "notices_mailmessage.mail_sent_when",
        "notices_mailmessage.state_guard",
        "notices_mailmessage.immutable",
        "notices_mailmessage.set_once",
        "notices_mailmessage.no_delete",
    ),
    test="tests/notices/test_guards.py::test_a_mail_is_one_a_person_and_sent_once",
    check=by_query(
        "SELECT about, user_id FROM notices_mailmessage GROUP BY 1, 2 HAVING count(*) > 1"
        " UNION ALL SELECT public_id, user_id FROM notices_mailmessage WHERE (state = 'sent') = (sent_at IS NULL)"
    ),
)
Invariant(
    name="notices.parked_has_a_task",
    promise=10,
    statement=(
        "Every event and job that is parked, and every row that stands aside, is named by an open task of the operator, itself"
        " or with its handler, kind or loop."
    ),
    guards=(
        "notices_task.task_open_once",
        "notices_task.state_guard",
        "notices_task.no_delete",
        "events_inboxentry.no_delete",
        "events_inboxentry.state_guard",
    ),
    test="tests/notices/test_pipe.py::test_what_is_parked_without_a_task_is_named",
    check=by_query(
        "SELECT parked.subject, parked.cause, parked.since FROM ("  # noqa: S608  our own words
        " SELECT 'events/inbox/' || i.id AS subject, i.handler AS cause, i.due_at AS since FROM events_inboxentry i"
        "  WHERE i.state = 'parked'"
        " UNION ALL SELECT j.public_id, j.kind, j.due_at FROM jobs_job j WHERE j.state = 'parked'"
        " UNION ALL SELECT a.public_id, a.loop, a.since FROM kernel_asiderow a"
        f"  WHERE a.ended_at IS NULL AND a.failures >= {FAILURES_MAX}) parked"
        f" WHERE parked.since < clock_timestamp() - interval '{PARKED_MINUTES_MAX} minutes' AND NOT EXISTS ("
        "  SELECT FROM notices_task t WHERE t.kind = 'repair' AND t.state = 'open'"
        "   AND t.subject IN (parked.subject, parked.cause))"
    ),
)
Invariant(
    name="notices.columns_within_bounds",
    promise=7,
    statement="Every moment, number of attempts and JSON value of a task, a notice or a mail can be read.",
    guards=(
        "notices_task.notices_task_opened_at_check",
        "notices_task.notices_task_title_check",
        "notices_task.own_key",
        "notices_notice.own_key",
        "notices_mailmessage.own_key",
    ),
    test="tests/kernel/test_readable_columns.py::test_a_row_that_nobody_can_read_is_refused",
    check=columns_within_bounds("notices"),
)
Invariant(
    name="notices.unanswered_program_has_a_task",
    promise=10,
    statement="A program whose person left is named by an open task of its organisation.",
    guards=("notices_task.task_open_once", "notices_task.state_guard", "notices_task.no_delete"),
    test="tests/notices/test_people.py::test_a_program_that_nobody_answers_for_without_a_task_is_named",
    check=by_query(
        "SELECT a.public_id FROM participants_application a"  # noqa: S608  our own words
        " WHERE a.revoked_at IS NULL AND a.expires_at > clock_timestamp() AND NOT EXISTS ("
        "  SELECT FROM participants_membership m WHERE m.user_id = a.responsible_id"
        "   AND m.organisation_id = a.organisation_id"
        f"   AND (m.ended_at IS NULL OR m.ended_at > public.business_now() - interval '{PARKED_MINUTES_MAX} minutes'))"
        " AND NOT EXISTS (SELECT FROM notices_task t WHERE t.organisation_id = a.organisation_id"
        "  AND t.kind = 'take_over' AND t.subject = a.public_id AND t.state = 'open')"
    ),
)
