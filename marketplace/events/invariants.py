"""Invariants of events."""

from marketplace.kernel.guards import sql_list
from marketplace.kernel.horizon import NEWEST_TRANSACTION
from marketplace.kernel.invariants import Invariant, by_query, columns_within_bounds

from .partitions import LAST_KEY
from .relaying import RELAY
from .states import ABANDONED_BY_ONE

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
    name="events.abandoned_on_record",
    promise=7,
    statement="An inbox entry is abandoned if and only if that is on record, by two people unless it only tells people something.",
    guards=(
        "events_inboxentry.abandoned_on_record",
        "events_inboxentry.state_guard",
        "events_abandonment.abandonment_of_parked",
        "events_abandonment.abandonment_two_people",
        "events_abandonment.abandonment_reason",
        "events_abandonment.append_only",
    ),
    test="tests/events/test_abandoning.py::test_an_entry_is_not_abandoned_without_its_record",
    check=by_query(
        "SELECT i.id FROM events_inboxentry i WHERE i.state = 'abandoned' AND NOT EXISTS ("  # noqa: S608  our own words
        " SELECT FROM events_abandonment a WHERE a.entry_key = i.id AND a.event_key = i.event_id)"
        " UNION ALL SELECT i.id FROM events_abandonment a"
        " JOIN events_inboxentry i ON i.id = a.entry_key AND i.event_id = a.event_key"
        " WHERE i.state <> 'abandoned'"
        " UNION ALL SELECT a.entry_key FROM events_abandonment a WHERE a.reason = ''"
        f" OR a.subscriber NOT IN ({sql_list(ABANDONED_BY_ONE)}) AND (a.first_person IN ('', a.abandoned_by)"
        "  OR NOT starts_with(a.abandoned_by, 'usr_'))"
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
Invariant(
    name="events.own_keys",
    promise=7,
    statement="Key and transaction of an event are those that the server gave it, so the relay passes over none and waits for"
    " none.",
    guards=(
        "events_outboxevent.own_key",
        "events_outboxevent.own_transaction",
        "events_inboxentry.own_key",
    ),
    test="tests/events/test_forced_rows.py::test_key_and_transaction_of_an_event_are_its_own",
    # What stands before the relay's position was copied and counted, or has left for the archive since. The event whose
    # transaction is the farthest from the one that wrote it is named as the likely one.
    check=by_query(
        f"SELECT e.id, e.transaction::text AS transaction, 'not given by this server' AS fault FROM events_outboxevent e"  # noqa: S608
        f" WHERE e.transaction > {NEWEST_TRANSACTION} OR e.id > {LAST_KEY} OR e.id < 1"
        " UNION ALL SELECT i.event_id, i.id::text, 'inbox entry whose key the sequence did not give' FROM events_inboxentry i"
        " WHERE i.id > coalesce(pg_sequence_last_value('events_inboxentry_id_seq'), 0) OR i.id < 1"
        " UNION ALL SELECT (SELECT e.id FROM events_outboxevent e WHERE (e.transaction, e.id) <= (p.transaction, p.event_id)"
        "   ORDER BY mod(e.xmin::text::bigint - e.transaction::text::numeric, 4294967296) DESC, e.id DESC LIMIT 1),"
        "  p.transaction::text, 'events were passed over: ' || c.standing - p.events"
        "  FROM events_relayposition p CROSS JOIN LATERAL ("
        "  SELECT (SELECT count(*) FROM events_outboxevent e"
        "           WHERE (e.transaction, e.id) <= (p.transaction, p.event_id))"
        "       + (SELECT coalesce(sum(a.events), 0) FROM events_archivedrange a) AS standing) c"
        f" WHERE p.name = '{RELAY}' AND c.standing > p.events"
    ),
)
Invariant(
    name="events.columns_within_bounds",
    promise=7,
    statement="Every moment, number of attempts and JSON value of an event or an inbox entry can be read.",
    guards=(
        "events_outboxevent.outbox_data_object",
        "events_outboxevent.events_outboxevent_data_check",
        "events_outboxevent.events_outboxevent_occurred_at_check",
        "events_inboxentry.events_inboxentry_attempts_check",
        "events_inboxentry.events_inboxentry_due_at_check",
    ),
    test="tests/kernel/test_readable_columns.py::test_a_row_that_nobody_can_read_is_refused",
    check=columns_within_bounds("events"),
)
