"""Invariants of events."""

from marketplace.kernel.horizon import NEWEST_TRANSACTION
from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="events.handled_once",
    promise=7,
    statement="No handler handles an event twice.",
    guards=("events_inboxentry.inbox_once",),
    test="tests/events/test_guards.py::test_an_event_enters_an_inbox_once",
    check=by_query("SELECT event_id, handler FROM events_inboxentry GROUP BY 1, 2 HAVING count(*) > 1"),
)
Invariant(
    name="events.none_lost",
    promise=7,
    statement="Every inbox entry belongs to an event of the outbox; neither is deleted, but archived in whole ranges.",
    guards=(
        "events_outboxevent.append_only",
        "events_inboxentry.no_delete",
        "events_inboxentry.event_exists",
        "events_archivedrange.append_only",
        "events_archivedrange.archived_range_ordered",
        "events_archivedrange.archived_ranges_apart",
    ),
    test="tests/events/test_guards.py::test_the_outbox_is_append_only",
    check=by_query(
        "SELECT i.event_id FROM events_inboxentry i LEFT JOIN events_outboxevent e ON e.id = i.event_id"
        " WHERE e.id IS NULL"
        " UNION ALL SELECT e.id FROM events_archivedrange a"
        " JOIN events_outboxevent e ON e.id >= a.first_id AND e.id < a.end_id"
        " UNION ALL SELECT i.event_id FROM events_archivedrange a"
        " JOIN events_inboxentry i ON i.event_id >= a.first_id AND i.event_id < a.end_id"
    ),
)
Invariant(
    name="events.relay_position_of_this_server",
    promise=7,
    statement="The relay has reached no transaction that this server has not begun. After a move by a logical dump it would"
    " pass over new events: move by a physical copy.",
    guards=("events_relayposition.position_reached",),
    test="tests/events/test_guards.py::test_the_relay_cannot_reach_a_transaction_that_has_not_begun",
    check=by_query(
        f"SELECT name, transaction::text AS transaction, {NEWEST_TRANSACTION}::text AS newest_of_the_server"  # noqa: S608
        f" FROM events_relayposition WHERE transaction > {NEWEST_TRANSACTION}"
    ),
)
