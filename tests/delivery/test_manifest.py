"""One digest for a delivery."""

import hashlib

from delivery.manifest import manifest_digest


def test_the_digest_is_over_canonical_json_in_the_order_of_identifiers():
    expected = b'[{"distribution":"dst_a","sha256":"11"},{"distribution":"dst_b","sha256":"22"}]'
    assert manifest_digest({"dst_b": "22", "dst_a": "11"}) == hashlib.sha256(expected).hexdigest()


def test_the_digest_changes_with_any_file():
    whole = manifest_digest({"dst_a": "11", "dst_b": "22"})
    assert manifest_digest({"dst_a": "11", "dst_b": "23"}) != whole
    assert manifest_digest({"dst_a": "11"}) != whole
