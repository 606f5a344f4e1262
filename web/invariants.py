"""Invariants over several applications, of which none may read the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from delivery.collection import collection_deadline
from marketplace.kernel import clock
from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant, by_query
from marketplace.kernel.suspensions import EFFECTS, HOLDING_PAYMENTS

ALARM_DAYS = 7
"""How long what waits for a person may do so before an alarm about it has to stand; alarms are raised within seconds."""

ON_ITS_WAY = timedelta(hours=1)
"""How long an event may be on its way to its handler, in real time, before a task has to ask somebody to repair it."""

SWEPT_WITHIN = timedelta(days=1)
"""How long after its moment what the sweeps do by the clock may be left undone before a task has to ask somebody to repair it."""

_ALARMED = "EXISTS (SELECT FROM observability_raisedalarm r WHERE r.ended_at IS NULL AND r.code = 'deliveries_unreported')"
_PENDING = """
    EXISTS (
        SELECT FROM events_outboxevent e
          LEFT JOIN events_inboxentry i ON i.event_id = e.id AND i.subscriber = '{subscriber}'
         WHERE e.subject = t.agreement AND e.type = '{kind}' AND (e.recorded_at > %(on_its_way_since)s OR {repaired}) AND (i.state IN ('pending', 'parked') OR i.id IS NULL AND ({alone}
            OR NOT EXISTS (SELECT FROM events_relayposition p WHERE (p.transaction, p.event_id) >= (e.transaction, e.id)))))
"""
"""Whether an event about the agreement of trade ``t`` is still to be handled, and soon; ``alone``: nobody handles it in this process."""
_REPAIRED = "EXISTS (SELECT FROM notices_task r WHERE r.kind = 'repair' AND r.state = 'open')"
_COLLECTED_LATE = """
    n.state = 'awaiting' AND d.state <> 'suspended' AND n.opened_at < %(unreported_since)s"""
"""What should have been collected and reported long ago, whether access goes on or not."""
_NOT_SWEPT = """
    d.ended_at IS NULL AND (d.state <> 'suspended' OR d.stopped_by <> '') AND n.state <> 'disputed' AND (
        d.state = 'requested' AND d.granted_at < %(swept_since)s
        OR least(d.expires_at, d.closes_at) < %(swept_since)s)
    OR n.state = 'running' AND d.state <> 'suspended' AND NOT public.is_halted(d.listing, a.segment)
       AND n.inspect_by + public.halted_time(d.listing, a.segment, coalesce(n.halts_counted_until, n.inspect_by), %(now)s::timestamptz)
           < %(swept_since)s"""
"""Access that is prepared or open, or an inspection that runs, long after the clock has ended it."""
_UNASKED = """
    EXISTS (SELECT FROM contracts_dispute o
              JOIN events_outboxevent e ON e.type = 'dispute.opened' AND e.subject = a.public_id AND e.data ->> 'dispute' = o.public_id
              JOIN events_inboxentry i ON i.event_id = e.id AND i.subscriber = 'notices' AND i.state = 'handled'
             WHERE o.agreement_id = a.id AND o.state = 'open' AND NOT EXISTS (
                SELECT FROM notices_task r WHERE r.kind = 'resolve' AND r.subject = o.public_id AND r.state = 'open'))"""
"""Whether a dispute is open that the people who resolve disputes are not asked to resolve, although notices has heard of it."""
_HAS_ACCESS = """
    EXISTS (
        SELECT FROM delivery_entitlement d
          JOIN delivery_inspection n ON n.entitlement_id = d.id AND n.round = (
               SELECT max(l.round) FROM delivery_inspection l WHERE l.entitlement_id = d.id)
         WHERE d.agreement = t.agreement AND (NOT coalesce({not_swept}, false) OR {repaired}) AND (
               d.ended_at IS NULL AND (NOT ({late}) OR {alarmed})
            OR n.state IN ('running', 'disputed')
            OR n.state = 'accepted' AND (({begun}) OR {acceptance})
            OR n.state = 'awaiting' AND (d.ended_at > %(alarmed_since)s OR {alarmed})))
"""
"""Access was granted and has not ended, and is used and ended in time; or it has, and the inspection has an end; or a person is asked for it."""
_BEGUN_BEFORE_ITS_END = """
    t.charging IN ('subscription', 'metered') AND (d.ended_at IS NULL OR EXISTS (
        SELECT FROM clearing_chargeplan p JOIN clearing_plannedcharge c ON c.plan_id = p.id AND c.charge = t.charge
         WHERE p.agreement = t.agreement AND c.period_from < (d.ended_at AT TIME ZONE 'Asia/Tokyo')::date))"""
"""Whether a period had begun when access ended: its price waits for the end of the period. One that began later is returned."""
_WAITING_WITHOUT_END = """
    SELECT t.public_id, t.agreement, t.state FROM clearing_trade t
      LEFT JOIN contracts_agreement a ON a.public_id = t.agreement
     WHERE t.state = 'secured' AND NOT ({has_access}) AND NOT ({on_its_way})
        OR t.state = 'disputed' AND a.id IS NOT NULL AND NOT ({resolved}) AND ({unasked} OR NOT EXISTS (
           SELECT FROM contracts_dispute o WHERE o.agreement_id = a.id AND o.state = 'open'))
     ORDER BY t.id LIMIT {limit}
"""


def _pending(kind: str, subscriber: str) -> str:
    handlers = settings.EVENT_SUBSCRIPTIONS.get(kind, ())
    alone = not any(handler.startswith(f"{subscriber}.") for handler in handlers)
    return _PENDING.format(kind=kind, subscriber=subscriber, alone=str(alone).lower(), repaired=_REPAIRED)


def _waiting_without_end() -> list[dict[str, Any]]:
    """Trades whose money is on hold, and of which neither a step nor a person is known that ends it.

    An event that grants access or returns the money may still be to be handled, for an hour; after that, and where it is parked, a
    task asks somebody to repair it.
    """
    now = clock.now()
    resolved = _pending("dispute.resolved", "clearing")
    on_its_way = (
        _pending("trade.secured", "delivery"),
        _pending("delivery.ended", "clearing"),
        _pending("dispute.opened", "clearing"),
        resolved,
    )
    has_access = _HAS_ACCESS.format(
        acceptance=_pending("delivery.accepted", "clearing"),
        alarmed=_ALARMED,
        begun=_BEGUN_BEFORE_ITS_END,
        late=_COLLECTED_LATE,
        not_swept=_NOT_SWEPT,
        repaired=_REPAIRED,
    )
    sql = _WAITING_WITHOUT_END.format(
        has_access=has_access,
        on_its_way=" OR ".join(on_its_way),
        resolved=resolved,
        unasked=_UNASKED,
        limit=BREACHES_SHOWN_MAX,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "alarmed_since": now - timedelta(days=ALARM_DAYS),
                "unreported_since": collection_deadline(now) - timedelta(days=ALARM_DAYS),
                "on_its_way_since": clock.real_now() - ON_ITS_WAY,
                "swept_since": now - SWEPT_WITHIN,
                "now": now,
            },
        )
        return [dict(zip(("trade", "agreement", "state"), row, strict=True)) for row in cursor.fetchall()]


Invariant(
    name="web.secured_trades_have_access",
    promise=3,
    statement=(
        "Every trade whose money is on hold has access, or an inspection that ends, or its money is on its way back for an hour at most, or"
        " people are asked: to resolve the dispute about it, to repair what stopped (also what the clock ended and the sweeps left undone for a day), or to look at what nobody reported within"
        f" {ALARM_DAYS} days after its time."
    ),
    guards=(
        "delivery_entitlement.entitlement_ended_when",
        "delivery_entitlement.no_delete",
        "delivery_inspection.no_delete",
        "clearing_trade.money_on_hold",
        "contracts_dispute.dispute_one_open",
        "notices_task.task_open_once",
        "notices_task.no_delete",
    ),
    test="tests/web/test_invariants.py::test_a_trade_whose_money_waits_without_end_is_named",
    check=_waiting_without_end,
)

TOLD_WITHIN = timedelta(minutes=10)
"""How long an event may take to its handler, in real time, before what it opens is missed."""

_ATTACHED_WITHOUT_TASK = """
    SELECT r.public_id, r.reference FROM clearing_setoffrestraint r
     WHERE r.kind = 'attachment' AND r.lifts_id IS NULL AND r.recorded_at < %(told_since)s
       AND NOT EXISTS (SELECT FROM clearing_setoffrestraint l WHERE l.lifts_id = r.id)
       AND NOT EXISTS (SELECT FROM notices_task t
                        WHERE t.kind = 'follow_order' AND t.thread = r.public_id AND t.state = 'open')
     ORDER BY r.id LIMIT %(limit)s
"""


def _attached_without_task() -> list[dict[str, Any]]:
    """Attachments in force about which no task asks the operator."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ATTACHED_WITHOUT_TASK,
            {"told_since": clock.real_now() - TOLD_WITHIN, "limit": BREACHES_SHOWN_MAX},
        )
        return [dict(zip(("restraint", "reference"), row, strict=True)) for row in cursor.fetchall()]


Invariant(
    name="web.attachments_have_a_task",
    promise=10,
    statement="While an attachment is in force, a task asks the operator to follow the order, so what it holds back ends.",
    guards=(
        "notices_task.task_open_once",
        "notices_task.no_delete",
        "clearing_setoffrestraint.append_only",
        "clearing_setoffrestraint.lifts_restraint",
    ),
    test="tests/web/test_invariants.py::test_an_attachment_that_nobody_is_asked_to_follow_is_named",
    check=_attached_without_task,
)

_BEGUN = (
    ("contracts_negotiation", "buyer_id", "opened_at", "suspended_at", "reinstated_at"),
    ("contracts_negotiation", "seller_id", "opened_at", "suspended_at", "reinstated_at"),
    ("contracts_agreement", "buyer_id", "concluded_at", "suspended_at", "reinstated_at"),
    ("contracts_agreement", "seller_id", "concluded_at", "suspended_at", "reinstated_at"),
    ("listings_listing", "seller_id", "created_at", "suspended_at", "reinstated_at"),
    ("participants_admission", "organisation_id", "applied_at", "suspended_at", "reinstated_at"),
    ("participants_application", "organisation_id", "created", "recorded_at", "recorded_at"),
    ("webhooks_webhook", "organisation_id", "created_at", "recorded_at", "recorded_at"),
)
"""What begins something: its table, whose it is, when it began, and the moments of a suspension by the same clock."""
_BEGUN_BY_SUSPENDED = " UNION ALL ".join(
    f"SELECT b.public_id, s.public_id AS suspension FROM {table} b"  # noqa: S608  our own words
    f" JOIN participants_suspension s ON s.organisation_id = b.{whose} AND s.{since} < b.{moment}"
    f" LEFT JOIN participants_reinstatement l ON l.suspension_id = s.id WHERE l.id IS NULL OR l.{until} > b.{moment}"
    for table, whose, moment, since, until in _BEGUN
)

Invariant(
    name="web.suspended_begin_nothing",
    promise=5,
    statement="Nobody begins anything while suspended: no listing, negotiation, agreement, application, program or webhook.",
    guards=(
        "contracts_negotiation.independent_parties",
        "contracts_agreement.independent_parties",
        "listings_listing.begun_by_active",
        "participants_admission.begun_by_active",
        "participants_application.begun_by_active",
        "webhooks_webhook.begun_by_active",
    ),
    test="tests/web/test_suspended_invariants.py::test_what_a_suspended_organisation_began_is_named",
    check=by_query(_BEGUN_BY_SUSPENDED),
)

_HELD_WITHOUT_TASK = f"""
    SELECT s.public_id FROM participants_suspension s
     WHERE s.kind IN ({sql_list(sorted(HOLDING_PAYMENTS))}) AND s.recorded_at < %(told_since)s
       AND NOT EXISTS (SELECT FROM participants_reinstatement l WHERE l.suspension_id = s.id)
       AND NOT EXISTS (SELECT FROM notices_task t WHERE t.kind = 'freeze' AND t.thread = s.public_id AND t.state = 'open')
     ORDER BY s.id LIMIT %(limit)s
"""  # noqa: S608  our own words


def _held_without_task() -> list[dict[str, Any]]:
    """Suspensions that hold payments back, and about which no task asks the operator."""
    with connection.cursor() as cursor:
        cursor.execute(
            _HELD_WITHOUT_TASK,
            {"told_since": clock.real_now() - TOLD_WITHIN, "limit": BREACHES_SHOWN_MAX},
        )
        return [{"suspension": row[0]} for row in cursor.fetchall()]


Invariant(
    name="web.held_payments_have_a_task",
    promise=10,
    statement="While sanctions hold back what is paid to a participant, a task asks the operator for the permission or the end.",
    guards=("notices_task.task_open_once", "notices_task.no_delete", "participants_suspension.append_only"),
    test="tests/web/test_suspended_invariants.py::test_sanctions_that_nobody_is_asked_about_are_named",
    check=_held_without_task,
)

_WITHOUT_TRUSTEE = f"""
    SELECT s.public_id FROM participants_suspension s
     WHERE s.kind IN ({sql_list(sorted(kind for kind, effect in EFFECTS.items() if effect.acting is not None))})
       AND s.recorded_at < %(told_since)s
       AND NOT EXISTS (SELECT FROM participants_reinstatement l WHERE l.suspension_id = s.id)
       AND NOT EXISTS (
           SELECT FROM participants_membership m JOIN participants_rolegrant g ON g.membership_id = m.id
            WHERE m.organisation_id = s.organisation_id AND g.role = 'trustee'
              AND (g.revoked_at IS NULL OR g.revoked_at > %(left_since)s))
       AND NOT EXISTS (
           SELECT FROM notices_task t JOIN participants_suspension o ON o.public_id = t.thread
            WHERE t.kind = 'appoint' AND t.state = 'open' AND o.organisation_id = s.organisation_id)
     ORDER BY s.id LIMIT %(limit)s
"""  # noqa: S608  our own words


def _without_trustee() -> list[dict[str, Any]]:
    """Suspensions under which nobody acts for the organisation, and about which no task asks the operator."""
    since = {"told_since": clock.real_now() - TOLD_WITHIN, "left_since": clock.now() - TOLD_WITHIN}
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT_TRUSTEE, since | {"limit": BREACHES_SHOWN_MAX})
        return [{"suspension": row[0]} for row in cursor.fetchall()]


Invariant(
    name="web.insolvent_have_a_trustee_or_a_task",
    promise=10,
    statement="While nobody acts for an organisation in insolvency proceedings, a task asks the operator to enter its trustee.",
    guards=("notices_task.task_open_once", "notices_task.no_delete", "participants_suspension.append_only"),
    test="tests/web/test_suspended_invariants.py::test_proceedings_without_a_trustee_that_nobody_is_asked_for_are_named",
    check=_without_trustee,
)

_ENDS_OTHERWISE = """
    SELECT a.public_id, a.ends_at, given.ends_at AS given_until FROM contracts_agreement a
      CROSS JOIN LATERAL (SELECT v.number, public.end_of_rights(v.said #> '{terms,rights}', a.concluded_at) AS ends_at
          FROM public.signed_versions(a.id) v ORDER BY v.number DESC LIMIT 1) signed
      CROSS JOIN LATERAL (SELECT max(d.expires_at) AS ends_at FROM delivery_entitlement d
          WHERE d.agreement = a.public_id AND d.version = signed.number
            AND EXISTS (SELECT FROM delivery_restitution r WHERE r.entitlement_id = d.id)) given
     WHERE a.ends_at > signed.ends_at AND NOT EXISTS (
           SELECT FROM delivery_restitution r JOIN delivery_entitlement d ON d.id = r.entitlement_id
            WHERE d.agreement = a.public_id AND a.ends_at IN (r.expires_at, d.expires_at))
          AND NOT EXISTS (SELECT FROM contracts_agreementversion v WHERE v.agreement_id = a.id AND v.ends_at = a.ends_at)
        OR a.state = 'in_force' AND a.ends_at < given.ends_at AND NOT EXISTS (
           SELECT FROM events_outboxevent e LEFT JOIN events_inboxentry h ON h.event_id = e.id AND h.subscriber = 'contracts'
            WHERE e.subject = a.public_id AND e.type = 'delivery.restored' AND h.state IS DISTINCT FROM 'handled'
              AND e.recorded_at > %(on_its_way_since)s)
     ORDER BY a.id LIMIT %(limit)s
"""


def _ends_otherwise() -> list[dict[str, Any]]:
    """Agreements that end neither as signed nor as access was given back, once contracts has heard of that."""
    since = clock.real_now() - ON_ITS_WAY
    with connection.cursor() as cursor:
        cursor.execute(_ENDS_OTHERWISE, {"on_its_way_since": since, "limit": BREACHES_SHOWN_MAX})
        return [
            dict(zip(("agreement", "ends_at", "given_until"), row, strict=True)) for row in cursor.fetchall()
        ]


Invariant(
    name="web.agreements_end_as_signed_or_given_back",
    promise=6,
    statement="An agreement ends when its signed rights end, or by as much later as access under it was given back, and for no other cause.",
    guards=(
        "contracts_agreement.ends_as_signed",
        "delivery_restitution.restored_as_lost",
        "delivery_restitution.append_only",
    ),
    test="tests/web/test_ends_invariant.py::test_an_end_that_moved_without_cause_is_named",
    check=_ends_otherwise,
)
