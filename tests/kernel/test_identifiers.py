"""Public identifiers, one at a time and many at once."""

from __future__ import annotations

from ulid import ULID

from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, new_identifier, new_identifiers


def test_many_identifiers_are_distinct_and_like_one():
    earlier = ULID().milliseconds
    found = new_identifiers("pos", 2_000)
    later = ULID().milliseconds
    assert len(set(found)) == 2_000
    assert {len(identifier) for identifier in found} <= {len(new_identifier("pos"))}
    assert len(found[0]) <= IDENTIFIER_LENGTH
    parsed = [ULID.from_str(identifier.removeprefix("pos_")) for identifier in found]
    assert [str(ulid) for ulid in parsed] == [identifier.removeprefix("pos_") for identifier in found]
    assert all(earlier <= ulid.milliseconds <= later for ulid in parsed)


def test_no_identifiers_are_an_empty_list():
    assert new_identifiers("pos", 0) == []
