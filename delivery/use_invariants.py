"""The invariant of what is enforced at each access."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from .use_guards import unlawful_use

Invariant(
    name="delivery.used_as_signed",
    promise=6,
    statement="Every download is of a use that the signed rights permit, where the signed plan says that the market enforces it: its purpose,"
    " its place, who asks, and no more uses than were signed.",
    guards=(
        "delivery_download.used_as_signed",
        "delivery_download.access_open",
        "delivery_download.immutable",
        "delivery_declaredrecipient.declared_by_owner",
        "delivery_declaredrecipient.recipient_declared_once",
        "delivery_declaredrecipient.recipient_withdrawn_when",
        "delivery_declaredrecipient.immutable",
        "delivery_declaredrecipient.set_once",
        "delivery_declaredrecipient.set_now",
        "delivery_declaredrecipient.dated_now",
        "delivery_declaredrecipient.no_delete",
    ),
    test="tests/delivery/test_uses.py::test_a_use_outside_the_rights_is_named",
    check=by_query(
        "SELECT l.public_id AS download, d.public_id AS delivery FROM delivery_download l"  # noqa: S608  our own words
        " JOIN delivery_entitlement d ON d.id = l.entitlement_id JOIN contracts_agreement a ON a.public_id = d.agreement"
        " CROSS JOIN LATERAL (SELECT public.signed_in_force(a.id, l.started_at) AS one) said"
        f" WHERE {unlawful_use('l', 'said.one')}"
        " UNION ALL SELECT (SELECT l.public_id FROM delivery_download l WHERE l.distribution_id = f.id ORDER BY l.id DESC LIMIT 1) AS download, d.public_id AS delivery"
        "  FROM delivery_entitleddistribution f JOIN delivery_entitlement d ON d.id = f.entitlement_id"
        # Of an amended agreement, no more than the version that permitted the most.
        "  JOIN contracts_agreement a ON a.public_id = d.agreement CROSS JOIN LATERAL ("
        "   SELECT CASE WHEN bool_and(v.said #> '{plan,rights,enforced}' ? 'use_count_max')"
        "    THEN max((v.said #>> '{terms,rights,use_count_max}')::bigint) END AS uses FROM public.signed_versions(a.id) v) most"
        "  WHERE public.use_number(f.id, 0) > most.uses + 1"
    ),
)
Invariant(
    name="delivery.passed_on_nothing",
    promise=6,
    statement="Nothing is listed that was delivered to its seller before under rights that prohibit onward transfer, or that names such a source.",
    guards=("listings_listingversion.passes_nothing_on", "listings_listingversion.set_once"),
    test="tests/delivery/test_onward.py::test_what_was_passed_on_is_named",
    check=by_query(
        "SELECT v.public_id AS listing_version, barred.agreement FROM listings_listingversion v"
        " JOIN listings_listing l ON l.id = v.listing_id CROSS JOIN LATERAL (SELECT public.onward_transfer_barred(l.seller_id,"
        "  ARRAY(SELECT d.sha256::text FROM listings_distribution d WHERE d.version_id = v.id),"
        "  concat_ws(' ', l.source_name, l.source_url, l.source_licence)) AS agreement) barred"
        " WHERE v.published_at IS NOT NULL AND v.published_at > ("
        "  SELECT coalesce(min(sent.started_at), min(e.granted_at)) FROM delivery_entitlement e"
        "  LEFT JOIN delivery_download sent ON sent.entitlement_id = e.id WHERE e.agreement = barred.agreement)"
    ),
)
