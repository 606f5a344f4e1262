"""Invariants of quality."""

from marketplace.kernel.invariants import Invariant, by_query, declare_readable

Invariant(
    name="quality.published_was_measured",
    promise=5,
    statement="Every published version was measured before, and a profile never changes.",
    guards=(
        "quality_profile.append_only",
        "quality_measurement.append_only",
        "quality_measurement.measurement_once",
    ),
    test="tests/quality/test_guards.py::test_what_was_found_cannot_be_changed",
    check=by_query(
        "SELECT v.public_id FROM listings_listingversion v WHERE v.published_at IS NOT NULL AND NOT EXISTS"
        " (SELECT FROM quality_profile p WHERE p.listing_version = v.public_id AND p.measured_at <= v.published_at)"
    ),
)
Invariant(
    name="quality.values_are_shares",
    promise=5,
    statement="Every measured value is between 0 and 1 and belongs to a characteristic of the standard.",
    guards=("quality_measurement.measurement_share", "quality_measurement.measurement_known"),
    test="tests/quality/test_guards.py::test_a_value_is_a_share",
    check=by_query("SELECT id, value FROM quality_measurement WHERE value NOT BETWEEN 0 AND 1"),
)

declare_readable("quality")
