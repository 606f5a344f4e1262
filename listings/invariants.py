"""Invariants of listings."""

from __future__ import annotations

from typing import Any

from marketplace.events.queries import to_be_handled
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.invariants import Invariant, amounts_within_ceiling, by_query, declare_readable

from . import stake_invariants  # noqa: F401  they register themselves
from .models import Offer

TESTS = "tests/listings/test_guards.py"


def _wrong_digests() -> list[dict[str, Any]]:
    rows = Offer.objects.values_list("public_id", "policy", "policy_digest")
    return [
        {"offer": offer, "stored": digest}
        for offer, policy, digest in rows.iterator(chunk_size=1_000)
        if digest_of(policy) != digest
    ]


Invariant(
    name="listings.pseudonymised_never_sold",
    promise=5,
    statement="No version of pseudonymised information is published, and no listing of it is for sale.",
    guards=(
        "listings_listing.listing_never_pseudonymised",
        "listings_listingversion.lawful_when_published",
        "listings_listing.immutable",
        "listings_listing.listing_class_known",
    ),
    test=f"{TESTS}::test_pseudonymised_information_is_never_published",
    check=by_query(
        "SELECT l.public_id AS listing, v.public_id AS version FROM listings_listing l"
        " LEFT JOIN listings_listingversion v ON v.listing_id = l.id AND v.state IN ('published', 'superseded')"
        " WHERE l.personal_data_class = 'pseudonymised' AND (l.state = 'on_sale' OR v.id IS NOT NULL)"
    ),
)
Invariant(
    name="listings.one_version_published",
    promise=6,
    statement="A listing has at most one published and one undecided version, and version numbers count up.",
    guards=(
        "listings_listingversion.version_published_once",
        "listings_listingversion.version_pending_once",
        "listings_listingversion.version_number_once",
        "listings_listingversion.version_from_one",
    ),
    test=f"{TESTS}::test_a_second_published_version_is_refused",
    check=by_query(
        "SELECT listing_id FROM listings_listingversion GROUP BY listing_id"
        " HAVING count(*) FILTER (WHERE state = 'published') > 1"
        " OR count(*) FILTER (WHERE state IN ('submitted', 'on_hold')) > 1 OR max(number) <> count(*)"
    ),
)
Invariant(
    name="listings.on_sale_with_version",
    promise=6,
    statement="A listing that is for sale has a published version.",
    guards=("listings_listing.sold_with_version", "listings_listingversion.sold_with_version"),
    test=f"{TESTS}::test_a_listing_without_a_published_version_is_not_on_sale",
    check=by_query(
        "SELECT public_id FROM listings_listing l WHERE state = 'on_sale' AND NOT EXISTS"
        " (SELECT FROM listings_listingversion v WHERE v.listing_id = l.id AND v.state = 'published')"
    ),
)
Invariant(
    name="listings.published_as_judged",
    promise=6,
    statement="A submitted version has a file and an offer; these, the description and the decision never change.",
    guards=(
        "listings_listingversion.complete_when_submitted",
        "listings_listingversion.settled_decision",
        "listings_listingversion.set_once",
        "listings_listingversion.immutable",
        "listings_listing.described_before_sale",
        "listings_distribution.append_only",
        "listings_distribution.added_in_draft",
        "listings_offer.append_only",
        "listings_offer.added_in_draft",
    ),
    test=f"{TESTS}::test_what_was_published_cannot_be_changed",
    check=by_query(
        "SELECT v.public_id FROM listings_listingversion v WHERE v.state NOT IN ('draft', 'withdrawn') AND NOT ("
        " EXISTS (SELECT FROM listings_distribution d WHERE d.version_id = v.id)"
        " AND EXISTS (SELECT FROM listings_offer o WHERE o.version_id = v.id))"
    ),
)
Invariant(
    name="listings.published_by_decision",
    promise=5,
    statement="A version that was published, refused or put on hold has its decision.",
    guards=(
        "listings_listingversion.version_decided_when",
        "listings_listingversion.version_published_when",
        "listings_listingversion.state_guard",
    ),
    test=f"{TESTS}::test_nothing_is_published_without_a_decision",
    check=by_query(
        "SELECT public_id FROM listings_listingversion WHERE decision IS NULL"
        " AND state IN ('on_hold', 'published', 'refused', 'superseded')"
    ),
)
_WITHDRAWN = to_be_handled(subject="l.public_id", kind="listing.withdrawn", subscriber="marketplace.cases")
Invariant(
    name="listings.held_is_a_case",
    promise=10,
    statement=(
        "A version on hold has an open case, and no other version has one; what was on hold was published or refused as two"
        " people decided in its case."
    ),
    guards=("listings_listingversion.decided_in_case", "cases_case.case_open_once"),
    test=f"{TESTS}::test_a_version_on_hold_without_its_case_is_named",
    check=by_query(
        # The law refuses pseudonymised information whatever the rules decide.
        "SELECT v.public_id, v.state FROM listings_listingversion v JOIN listings_listing l ON l.id = v.listing_id"  # noqa: S608
        "  LEFT JOIN rules_decision d ON d.public_id = v.decision CROSS JOIN LATERAL ("
        "   SELECT count(*) FILTER (WHERE c.state = 'open') AS open,"
        "    count(*) FILTER (WHERE c.state = 'resolved' AND (c.outcome = 'deny') = (v.state = 'refused')) AS decided,"
        "    count(*) FILTER (WHERE c.state = 'resolved') AS resolved"
        "    FROM cases_case c WHERE c.kind = 'publication' AND c.subject = v.public_id) held"
        " WHERE (v.state = 'on_hold') <> (held.open > 0) AND NOT (v.state = 'withdrawn' AND "
        + _WITHDRAWN
        + ")"
        "  OR v.state IN ('published', 'refused', 'superseded') AND held.decided < greatest(held.resolved,"
        "   (d.outcome = 'hold' AND l.personal_data_class <> 'pseudonymised')::int)"
        "  OR v.state IN ('draft', 'submitted', 'on_hold') AND held.resolved > 0"
    ),
)
Invariant(
    name="listings.policy_as_hashed",
    promise=6,
    statement="The stored hash of an offer matches its machine-readable policy.",
    guards=("listings_offer.append_only", "listings_offer.offer_digest"),
    test=f"{TESTS}::test_what_was_published_cannot_be_changed",
    check=_wrong_digests,
)
Invariant(
    name="listings.rights_usable",
    promise=6,
    statement="The rights of an offer permit what they sell: a transfer with the right to sell, a period longer than zero, and on the day of"
    " publication a last day that is not past, and they last until the last charge has run.",
    guards=(
        "listings_offer.offer_rights_usable",
        "listings_offer.offer_charging",
        "listings_offer.offer_priced",
        "listings_listingversion.usable_when_published",
    ),
    test=f"{TESTS}::test_rights_that_never_permit_what_they_sell_are_refused",
    check=by_query(
        "SELECT o.public_id AS offer FROM listings_offer o JOIN listings_listingversion v ON v.id = o.version_id"
        " WHERE (o.rights->>'contract_type' = 'transfer' AND o.rights->>'onward_transfer' = 'prohibited')"
        " OR o.rights->>'duration' !~ '[1-9]'"
        " OR (o.rights->>'valid_until')::date < (v.published_at AT TIME ZONE 'Asia/Tokyo')::date"
        " OR NOT public.is_charging(o.charging) OR NOT public.is_priced(o.charging, o.price_minor)"
        " OR v.published_at IS NOT NULL AND NOT (public.is_charged_in_time(o.charging, o.rights, v.published_at)"
        "  AND public.is_paid_within_periods(o.charging, v.published_at, o.funding_days))"
    ),
)
Invariant(
    name="listings.listings_kept",
    promise=7,
    statement="Listings, versions, files and offers are never deleted; a seller's reference names one listing.",
    guards=(
        "listings_listing.no_delete",
        "listings_listingversion.no_delete",
        "listings_distribution.append_only",
        "listings_offer.append_only",
        "listings_listing.listing_reference_once",
    ),
    test=f"{TESTS}::test_nothing_is_removed",
    check=by_query("SELECT seller_id, reference FROM listings_listing GROUP BY 1, 2 HAVING count(*) > 1"),
)

Invariant(
    name="listings.amounts_within_ceiling",
    promise=1,
    statement="No column of an amount holds more than the published ceiling of sums.",
    guards=("listings_offer.listings_offer_price_minor_check",),
    test="tests/kernel/test_amounts.py::test_no_column_takes_an_amount_beyond_the_ceiling",
    check=amounts_within_ceiling("listings"),
)

Invariant(
    name="listings.sold_while_admitted",
    promise=5,
    statement="After listings handled the end of a seller's admission to a segment, no listing of it there is on sale.",
    guards=("listings_listing.sold_while_admitted",),
    test="tests/listings/test_sale.py::test_the_database_brings_nothing_to_sale_under_an_admission_that_ended",
    check=by_query(
        "SELECT DISTINCT l.public_id, e.data->>'admission' AS admission FROM events_outboxevent e"
        " JOIN events_inboxentry i ON i.event_id = e.id AND i.subscriber = 'listings' AND i.state = 'handled'"
        " JOIN participants_organisation o ON o.public_id = e.data->>'organisation'"
        " JOIN listings_listing l ON l.seller_id = o.id AND l.segment = e.data->>'segment' AND l.state = 'on_sale'"
        " WHERE e.type = 'admission.decided' AND e.data->>'capacity' = 'seller'"
        "  AND e.data->>'state' IN ('withdrawn', 'expired', 'lapsed') AND NOT EXISTS ("
        "   SELECT FROM participants_admission a JOIN participants_segment s ON s.id = a.segment_id"
        "    WHERE a.organisation_id = o.id AND s.code = l.segment AND a.capacity = 'seller' AND a.state = 'admitted')"
    ),
)

declare_readable("listings")
Invariant(
    name="listings.shown_searches_tell_of_nobody",
    promise=5,
    statement="A search is kept only of three organisations or more, once a day and at most 50, and never changes.",
    guards=(
        "listings_shownsearch.shown_search_of_several",
        "listings_shownsearch.shown_search_bounded",
        "listings_shownsearch.shown_search_numbered",
        "listings_shownsearch.shown_search_once_a_day",
        "listings_shownsearch.shown_search_words",
        "listings_shownsearch.immutable",
        "listings_shownsearch.no_delete",
    ),
    test="tests/listings/test_shown_searches.py::test_what_few_searched_for_is_refused_and_found",
    check=by_query(
        "SELECT day, number FROM listings_shownsearch WHERE searchers < 3 OR number NOT BETWEEN 1 AND 50"
        " OR cardinality(words) = 0"
    ),
)
