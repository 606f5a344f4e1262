"""Invariants of deliveries."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query, declare_readable
from marketplace.kernel.permissions import Permission
from marketplace.oversight.reviews.detectors import REFUSED_A_DAY
from marketplace.participants.acting import acted_at, holders
from marketplace.participants.interest_guards import recused_then

from . import dispute_invariants, suspension_invariants, use_invariants  # noqa: F401  they register their own
from .guards import IN_PART, UNSENT
from .models.outages import STATED_WITHIN

_STATES_OUTAGES = holders(Permission.SUPPORT_WRITE)
_RESUMES = holders(Permission.DISPUTES_WRITE)
TESTS = "tests/delivery/test_guards.py::"
TESTS_OF_SENDING = "tests/delivery/test_sending_guards.py::"

Invariant(
    name="delivery.access_was_secured",
    promise=3,
    statement="Every entitlement has the trade.secured event of its trade, and a trade has one entitlement.",
    guards=("delivery_entitlement.secured_first", "delivery_entitlement.entitlement_one_a_trade"),
    test=TESTS + "test_access_needs_the_event_that_the_trade_was_secured",
    check=by_query(
        # An archived event was compared before it left; identifiers of events sort by time.
        "SELECT d.public_id, d.trade FROM delivery_entitlement d WHERE (NOT EXISTS ("
        " SELECT FROM events_outboxevent e WHERE e.public_id = d.secured_event AND e.type = 'trade.secured'"
        " AND e.data->>'trade' = d.trade)"
        " AND NOT EXISTS (SELECT FROM events_archivedrange a"
        "  WHERE d.secured_event BETWEEN a.first_public_id AND a.last_public_id))"
        " OR EXISTS (SELECT FROM delivery_entitlement o WHERE o.trade = d.trade AND o.id <> d.id)"
    ),
)
Invariant(
    name="delivery.term_as_signed",
    promise=6,
    statement="Access was granted as the signed plan says: until the end of the rights (the day of the agreement is not counted, the last day is,"
    " to its end), and inspected as many days.",
    guards=(
        "delivery_entitlement.term_as_signed",
        "delivery_entitlement.immutable",
        "delivery_entitlement.term_stands_still",
    ),
    test="tests/delivery/test_terms.py::test_the_database_grants_access_until_the_signed_end_alone",
    check=by_query(
        "SELECT d.public_id, d.expires_at, d.expires_latest FROM delivery_entitlement d"
        " JOIN contracts_agreement a ON a.public_id = d.agreement"
        " CROSS JOIN LATERAL (SELECT coalesce(v.said #> '{plan,access,ends}', v.said #> '{terms,rights}') AS ends,"
        "  coalesce(v.said #>> '{plan,acceptance,inspection_days}', a.inspection_days::text)::integer AS days"
        "   FROM public.signed_versions(a.id) v WHERE v.number = d.version) said"
        " LEFT JOIN LATERAL (SELECT r.expires_before FROM delivery_restitution r"
        "   WHERE r.entitlement_id = d.id ORDER BY r.id LIMIT 1) moved ON true"
        # By a later version it ends no sooner than that says, later by what was given back before.
        " WHERE CASE WHEN d.version = 1 THEN"
        "  coalesce(moved.expires_before, d.expires_at) IS DISTINCT FROM public.end_of_rights(said.ends, a.concluded_at)"
        "  ELSE coalesce(d.expires_at, 'infinity') < coalesce(public.end_of_rights(said.ends, a.concluded_at), 'infinity') END"
        " OR d.expires_latest IS DISTINCT FROM public.end_of_rights(said.ends - 'duration', a.concluded_at)"
        " OR d.inspection_days <> said.days"
    ),
)
Invariant(
    name="delivery.access_resumed_by_two",
    promise=5,
    statement="Two people of the operator, who decide disputes and have no interest in buyer or seller, resumed access that was suspended.",
    guards=(
        "delivery_entitlement.resumed_by_staff",
        "delivery_entitlement.recused",
        "delivery_entitlement.entitlement_resumed_by_two",
        "delivery_entitlement.set_now",
    ),
    test="tests/delivery/test_access.py::test_the_database_resumes_access_by_two_alone",
    check=by_query(
        "SELECT d.public_id, d.resumed_by FROM delivery_entitlement d"  # noqa: S608  our own words
        " WHERE d.resumed_at IS NOT NULL AND (d.resumed_by = d.resume_first_person"
        f"  OR NOT {acted_at('d.resumed_by', 'd.resumed_at', holds=_RESUMES)}"
        f"  OR NOT {acted_at('d.resume_first_person', 'd.resumed_at', holds=_RESUMES)}"
        + "".join(
            f" OR {recused_then(person, party, 'd.resumed_at')}"
            for person in ("d.resumed_by", "d.resume_first_person")
            for party in ("d.buyer_id", "d.seller_id")
        )
        + ")"
    ),
)
Invariant(
    name="delivery.refunded_has_no_access",
    promise=3,
    statement="After delivery has handled the refund of a trade, access under it has ended.",
    guards=("delivery_entitlement.access_is_whole",),
    test=TESTS + "test_access_is_terminated_only_with_its_inspection",
    check=by_query(
        "SELECT d.public_id, d.trade, d.state FROM events_outboxevent e"
        " JOIN events_inboxentry i ON i.event_id = e.id AND i.subscriber = 'delivery' AND i.state = 'handled'"
        " JOIN delivery_entitlement d ON d.trade = e.data->>'trade'"
        " WHERE e.type = 'trade.refunded' AND d.state NOT IN ('completed', 'terminated')"
    ),
)
Invariant(
    name="delivery.ended_leaves_nothing_undecided",
    promise=3,
    statement=(
        "Where access was terminated, no receipt is awaited, and only what was received before the agreement ended is still inspected or"
        " in dispute."
    ),
    guards=("delivery_entitlement.access_is_whole", "delivery_inspection.inspection_follows"),
    test=TESTS + "test_access_is_terminated_only_with_its_inspection",
    check=by_query(
        "SELECT d.public_id, n.state FROM delivery_entitlement d JOIN delivery_inspection n ON n.entitlement_id = d.id"
        " WHERE d.state = 'terminated' AND (n.state = 'awaiting'"
        "  OR n.state IN ('running', 'disputed') AND d.ended_reason <> 'terminated')"
    ),
)
Invariant(
    name="delivery.closes_as_ended",
    promise=6,
    statement="Access closes before its term with the last day of the ending that stands, once delivery has heard of it, and else not.",
    guards=("delivery_entitlement.closes_as_ended",),
    test="tests/delivery/test_ends.py::test_access_that_closes_otherwise_than_its_ending_says_is_named",
    check=by_query(
        "SELECT d.public_id, d.closes_at, e.access_until FROM delivery_entitlement d"
        " JOIN contracts_agreement a ON a.public_id = d.agreement"
        " LEFT JOIN contracts_ending e ON e.agreement_id = a.id AND e.state IN ('scheduled', 'done')"
        " WHERE d.ended_at IS NULL AND d.closes_at IS DISTINCT FROM e.access_until AND NOT EXISTS ("
        "  SELECT FROM events_outboxevent o LEFT JOIN events_inboxentry i ON i.event_id = o.id AND i.subscriber = 'delivery'"
        "   WHERE o.subject = d.agreement AND o.type = 'agreement.ending' AND i.state IS DISTINCT FROM 'handled'"
        "    AND o.recorded_at > now() - interval '1 hour')"
    ),
)
Invariant(
    name="delivery.secured_has_access",
    promise=3,
    statement="After delivery has handled trade.secured of a first charge, its entitlement exists.",
    guards=("delivery_entitlement.no_delete", "delivery_entitlement.entitlement_one_an_event"),
    test=TESTS + "test_no_row_of_delivery_is_removed",
    check=by_query(
        "SELECT e.public_id, e.data->>'trade' AS trade FROM events_outboxevent e"
        " JOIN events_inboxentry i ON i.event_id = e.id AND i.subscriber = 'delivery' AND i.state = 'handled'"
        " WHERE e.type = 'trade.secured' AND coalesce((e.data->>'charge')::int, 1) = 1 AND NOT EXISTS ("
        " SELECT FROM delivery_entitlement d WHERE d.trade = e.data->>'trade')"
    ),
)
Invariant(
    name="delivery.accepted_after_match",
    promise=3,
    statement=(
        "The buyer or the end of the period accepts only what was sent as a whole, or, of a price by periods, in part when access had ended;"
        " and the latter not before its time."
    ),
    guards=(
        "delivery_inspection.accepted_after_match",
        "delivery_inspection.matched_in_full",
        "delivery_inspection.received_in_part_at_the_end",
        "delivery_inspection.extended_as_halted",
    ),
    test=TESTS + "test_nothing_is_accepted_before_it_matched",
    check=by_query(
        "SELECT n.id, d.public_id, n.round, n.accepted_by FROM delivery_inspection n"  # noqa: S608  our own words
        " JOIN delivery_entitlement d ON d.id = n.entitlement_id"
        " WHERE n.accepted_by IN ('buyer', 'lapse') AND (n.matched_at IS NULL"
        "  OR n.accepted_by = 'lapse' AND n.accepted_at < n.inspect_by"
        f"  OR {UNSENT.format(inspection='n')} AND NOT (d.ended_at IS NOT NULL AND {IN_PART.format(inspection='n')}))"
    ),
)
Invariant(
    name="delivery.mismatch_is_disputed",
    promise=3,
    statement="A reported hash that is not that of what was sent opened a dispute: no receipt is awaited after it.",
    guards=("delivery_voucher.mismatch_is_disputed",),
    test=TESTS + "test_a_mismatch_is_a_dispute",
    check=by_query(
        "SELECT v.public_id, n.state FROM delivery_voucher v JOIN delivery_inspection n ON n.id = v.inspection_id"
        " WHERE NOT v.matched AND n.state = 'awaiting'"
    ),
)
Invariant(
    name="delivery.one_outcome",
    promise=3,
    statement="A delivery is accepted at most once, and never both accepted and under inspection or dispute.",
    guards=("delivery_inspection.accepted_once", "delivery_inspection.inspection_one_open"),
    test=TESTS + "test_a_delivery_is_decided_once",
    check=by_query(
        "SELECT d.public_id, count(*) AS outcomes FROM delivery_inspection n"
        " JOIN delivery_entitlement d ON d.id = n.entitlement_id"
        " WHERE n.state IN ('awaiting', 'running', 'disputed', 'accepted') GROUP BY 1 HAVING count(*) > 1"
    ),
)
Invariant(
    name="delivery.rounds_follow",
    promise=3,
    statement="Rounds of inspection count 1, 2, 3, …, and each but the last was delivered again.",
    guards=("delivery_inspection.inspection_follows", "delivery_inspection.inspection_round_once"),
    test=TESTS + "test_a_round_follows_one_to_be_delivered_again",
    check=by_query(
        "SELECT d.public_id, n.round FROM delivery_inspection n"
        " JOIN delivery_entitlement d ON d.id = n.entitlement_id WHERE n.round > 1 AND NOT EXISTS ("
        " SELECT FROM delivery_inspection p"
        " WHERE p.entitlement_id = d.id AND p.round = n.round - 1 AND p.state = 'repeated')"
    ),
)
Invariant(
    name="delivery.sent_as_sold",
    promise=7,
    statement="A download that has hashes has those of the file that was sold, and the round's downloads cover it.",
    guards=(
        "delivery_download.sent_as_sold",
        "delivery_download.sent_grows",
        "delivery_download.download_ended_when",
        "delivery_download.download_sent_within_length",
        "delivery_download.download_both_hashes",
    ),
    test=TESTS_OF_SENDING + "test_only_what_was_sold_is_sent",
    check=by_query(
        "SELECT l.public_id FROM delivery_download l"
        " JOIN delivery_entitleddistribution f ON f.id = l.distribution_id"
        " WHERE (l.sent_sha256 IS NOT NULL OR l.sent_sha512 IS NOT NULL)"
        " AND ((l.sent_sha256, l.sent_sha512) IS DISTINCT FROM (f.sha256, f.sha512)"
        "  OR NOT coalesce((SELECT range_agg(int8range(p.first_byte, p.first_byte + p.sent_bytes))"
        "   FROM delivery_download p WHERE p.entitlement_id = l.entitlement_id"
        "   AND p.distribution_id = l.distribution_id AND p.inspection_id = l.inspection_id"
        "   AND p.state <> 'sending' AND p.abort_reason IS DISTINCT FROM 'damaged')"
        "   @> int8range(0, f.size_bytes), false))"
    ),
)
Invariant(
    name="delivery.sent_parts_add_up",
    promise=7,
    statement="What counts as sent of a file in a round is what its ended downloads have sent, all of it and nothing else.",
    guards=(
        "delivery_download.sent_parts_kept",
        "delivery_sentparts.parts_were_sent",
        "delivery_sentparts.sent_parts_once",
        "delivery_sentparts.immutable",
        "delivery_sentparts.no_delete",
    ),
    test=TESTS_OF_SENDING + "test_only_what_was_sent_counts_as_sent",
    check=by_query(
        "SELECT coalesce(s.inspection_id, l.inspection_id) AS inspection,"
        " coalesce(s.distribution_id, l.distribution_id) AS distribution FROM delivery_sentparts s FULL JOIN ("
        " SELECT inspection_id, distribution_id, range_agg(int8range(first_byte, first_byte + sent_bytes)) AS parts"
        " FROM delivery_download WHERE state <> 'sending' AND abort_reason IS DISTINCT FROM 'damaged' AND sent_bytes > 0"
        " GROUP BY 1, 2) l ON l.inspection_id = s.inspection_id AND l.distribution_id = s.distribution_id"
        " WHERE s.parts IS DISTINCT FROM l.parts"
    ),
)
Invariant(
    name="delivery.vouchers_compare_what_was_sent",
    promise=7,
    statement="A compared voucher repeats the hashes of a download that completed the file, and says if they match.",
    guards=(
        "delivery_voucher.voucher_of_sent",
        "delivery_voucher.voucher_compared_as_a_whole",
        "delivery_voucher.voucher_matched_when_equal",
        "delivery_voucher.immutable",
        "delivery_voucher.set_once",
        "delivery_voucher.no_delete",
    ),
    test=TESTS_OF_SENDING + "test_a_voucher_compares_what_was_sent",
    check=by_query(
        "SELECT v.public_id FROM delivery_voucher v JOIN delivery_download l ON l.id = v.download_id"
        " WHERE l.inspection_id <> v.inspection_id"
        " OR (l.sent_sha256, l.sent_sha512) IS DISTINCT FROM (v.sent_sha256, v.sent_sha512)"
        " OR v.matched IS DISTINCT FROM (coalesce(v.received_sha256 = v.sent_sha256, true)"
        "  AND coalesce(v.received_sha512 = v.sent_sha512, true))"
    ),
)
Invariant(
    name="delivery.receipts_wait_for_the_end",
    promise=10,
    statement="A receipt of an undecided round waits only until its file was sent as a whole.",
    guards=("delivery_voucher.voucher_of_sent", "delivery_voucher.voucher_waits_once"),
    test=TESTS_OF_SENDING + "test_a_report_waits_only_during_the_sending",
    check=by_query(
        "SELECT v.public_id FROM delivery_voucher v JOIN delivery_inspection n ON n.id = v.inspection_id"
        " WHERE v.matched IS NULL AND n.state IN ('awaiting', 'running') AND EXISTS ("
        " SELECT FROM delivery_download l WHERE l.entitlement_id = v.entitlement_id"
        " AND l.distribution_id = v.distribution_id AND l.inspection_id = v.inspection_id"
        " AND l.sent_sha256 IS NOT NULL)"
    ),
)

Invariant(
    name="delivery.lost_access_given_back",
    promise=3,
    statement=(
        "What a suspension of access, a dispute that the buyer won, or an outage of the market took of access is given back once: no"
        " moment twice, each moving the term by what was lost, at most to the last day that was signed; what an outage took"
        " within an hour after it was stated."
    ),
    guards=(
        "delivery_restitution.restored_as_lost",
        "delivery_restitution.prolongs",
        "delivery_restitution.append_only",
        "delivery_restitution.restitution_once",
        "delivery_restitution.restitution_of_a_loss",
        "delivery_entitlement.term_stands_still",
        "delivery_entitlement.entitlement_within_signed_term",
        "delivery_entitlement.entitlement_suspended_since",
        "delivery_inspection.inspection_stands_still",
    ),
    test="tests/delivery/test_restitutions.py::test_a_wrong_restitution_is_named",
    check=by_query(
        "SELECT r.public_id, 'twice' AS fault FROM delivery_restitution r JOIN delivery_restitution o"
        "  ON o.entitlement_id = r.entitlement_id AND o.id < r.id"
        "   AND tstzrange(o.lost_from, o.lost_until) && tstzrange(r.lost_from, r.lost_until)"
        " UNION ALL SELECT d.public_id, 'term' FROM delivery_entitlement d JOIN LATERAL ("
        "  SELECT t.expires_at FROM delivery_restitution t WHERE t.entitlement_id = d.id ORDER BY t.id DESC LIMIT 1) last ON true"
        "  WHERE d.version = 1 AND d.expires_at IS DISTINCT FROM last.expires_at"
        " UNION ALL SELECT r.public_id, 'moved' FROM delivery_restitution r"
        "  JOIN delivery_entitlement d ON d.id = r.entitlement_id"
        # A later version may have moved the last day since.
        "  WHERE CASE WHEN d.version = 1 THEN r.expires_at IS DISTINCT FROM CASE WHEN r.expires_before IS NOT NULL"
        "   THEN least(r.expires_before + (r.lost_until - r.lost_from), d.expires_latest) END"
        "   ELSE coalesce(r.expires_at > r.expires_before + (r.lost_until - r.lost_from), false) END"
        # What a won dispute took, from the complaint until the next round began.
        " UNION ALL SELECT d.public_id, 'not given back' FROM delivery_inspection n"
        "  JOIN delivery_entitlement d ON d.id = n.entitlement_id"
        "  JOIN delivery_inspection next ON next.entitlement_id = d.id AND next.round = n.round + 1"
        "  WHERE n.state = 'repeated' AND (d.ended_at IS NULL OR d.ended_at > next.opened_at) AND EXISTS ("
        "   SELECT FROM unnest(tstzmultirange(tstzrange(n.disputed_at, greatest(n.disputed_at, next.opened_at)))"
        "     - coalesce((SELECT range_agg(tstzrange(r.lost_from, r.lost_until)) FROM delivery_restitution r"
        "        WHERE r.entitlement_id = d.id), '{}')) AS part WHERE upper(part) - lower(part) > interval '5 minutes')"
        " UNION ALL SELECT d.public_id, 'not given back' FROM delivery_outage o JOIN delivery_entitlement d"
        "  ON d.ended_at IS NULL AND d.state IN ('started', 'suspended') AND d.granted_at < o.until"
        "   AND (d.expires_at IS NULL OR d.expires_at > o.since)"
        "  WHERE (o.given_back_at IS NOT NULL OR o.recorded_at < now() - interval '1 hour')"
        "   AND NOT tstzmultirange(tstzrange(greatest(d.granted_at, o.since), o.until)) <@ coalesce(("
        "    SELECT range_agg(tstzrange(r.lost_from, r.lost_until)) FROM delivery_restitution r"
        "     WHERE r.entitlement_id = d.id), '{}')"
        # What a suspension took, as evidence has both of its ends.
        " UNION ALL SELECT d.public_id, 'not given back' FROM evidence_evidencerecord resumed"
        "  JOIN delivery_entitlement d ON d.public_id = resumed.subject JOIN LATERAL ("
        "   SELECT began.occurred_at, began.kind, began.payload FROM evidence_evidencerecord began WHERE began.subject = d.public_id"
        "    AND began.kind IN ('delivery.suspended', 'delivery.stopped') AND began.id < resumed.id ORDER BY began.id DESC LIMIT 1) began ON true"
        # A stop for what the buyer did takes nothing that comes back.
        "  WHERE resumed.kind IN ('delivery.resumed', 'delivery.suspension_lapsed') AND NOT (began.kind = 'delivery.stopped'"
        "   AND EXISTS (SELECT FROM contracts_dispute s WHERE s.public_id = began.payload ->> 'dispute' AND s.opened_as = 'seller')) AND EXISTS ("
        "   SELECT FROM unnest(tstzmultirange(tstzrange(began.occurred_at, greatest(began.occurred_at, resumed.occurred_at)))"
        "     - coalesce((SELECT range_agg(tstzrange(r.lost_from, r.lost_until)) FROM delivery_restitution r"
        "        WHERE r.entitlement_id = d.id), '{}')) AS part WHERE upper(part) - lower(part) > interval '5 minutes')"
    ),
)
Invariant(
    name="delivery.outages_were_stated_by_two",
    promise=9,
    statement="An outage that is given back is an incident of unavailability that the operator registered; two people of the operator"
    " stated it, soon after its end; none is shorter than a minute or before the market, and no moment is of two.",
    guards=(
        "delivery_outage.outage_of_incident",
        "delivery_outage.outage_by_two",
        "delivery_outage.outage_of_some_time",
        "delivery_outage.outage_stated_soon",
        "delivery_outage.outages_apart",
        "delivery_outage.acted_by_person",
        "delivery_outage.immutable",
        "delivery_outage.set_once",
        "delivery_outage.set_now",
        "delivery_outage.dated_now",
        "delivery_outage.no_delete",
    ),
    test="tests/delivery/test_outages.py::test_a_wrong_outage_is_named",
    check=by_query(
        "SELECT r.public_id, r.first_person, r.stated_by FROM delivery_outage r"  # noqa: S608  our own words
        " WHERE NOT EXISTS (SELECT FROM oversight_incident i WHERE i.public_id = r.incident AND i.kind = 'unavailability'"
        "  AND i.organisation_id IS NULL)"
        " OR NOT EXISTS (SELECT FROM participants_organisation g WHERE g.registered_at <= r.since)"
        f" OR r.until < r.since + interval '1 minute' OR r.until > r.stated_at OR r.until < r.stated_at - interval '{STATED_WITHIN.days} days'"
        " OR EXISTS (SELECT FROM delivery_outage o WHERE o.id <> r.id"
        "  AND o.since < r.until AND o.until > r.since)"
        f" OR NOT ({acted_at('r.stated_by', 'r.stated_at', holds=_STATES_OUTAGES)}"
        f"  AND {acted_at('r.first_person', 'r.stated_at', holds=_STATES_OUTAGES)})"
    ),
)

Invariant(
    name="delivery.refused_downloads_are_noticed",
    promise=9,
    statement="Whoever asks again and again for files to which its access is closed is noticed within an hour, in a review.",
    guards=(
        "delivery_refuseddownloads.refusals_counted",
        "delivery_refuseddownloads.refused_downloads_counted",
        "delivery_refuseddownloads.refused_downloads_of_day",
        "delivery_refuseddownloads.immutable",
        "delivery_refuseddownloads.set_once",
        "delivery_refuseddownloads.set_now",
        "delivery_refuseddownloads.dated_now",
        "delivery_refuseddownloads.no_delete",
    ),
    test="tests/delivery/test_refusals.py::test_what_was_not_noticed_is_named",
    check=by_query(
        "SELECT r.buyer, r.listing, r.day FROM delivery_refuseddownloads r"  # noqa: S608  our own words
        f" WHERE r.refusals >= {REFUSED_A_DAY} AND CASE WHEN r.noticed_at IS NULL"
        " THEN r.last_at < business_now() - interval '1 hour'"
        " ELSE NOT EXISTS (SELECT FROM oversight_review v WHERE v.detector = 'refused'"
        "  AND v.key = r.buyer || ':' || r.listing AND v.opened_at <= r.noticed_at) END"
    ),
)

declare_readable("delivery")
