"""Ranges of bytes as requests name them."""

import pytest

from delivery.ranges import ByteRange, RangeUnsatisfiable, requested_range

TAG = '"abc"'


@pytest.mark.parametrize(
    ("asked", "first", "length"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-9", 0, 10),
        ("bytes=4-", 4, 6),
        ("bytes=4-99", 4, 6),
        ("bytes=-3", 7, 3),
        ("bytes=-99", 0, 10),
        ("bytes= 2 - 3", 2, 2),
    ],
)
def test_a_single_range_is_a_part(asked, first, length):
    assert requested_range(asked, only_if=None, entity_tag=TAG, size_bytes=10) == ByteRange(first, length)
    assert requested_range(asked, only_if=TAG, entity_tag=TAG, size_bytes=10) == ByteRange(first, length)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_beyond_the_file_is_refused(asked):
    with pytest.raises(RangeUnsatisfiable):
        requested_range(asked, only_if=None, entity_tag=TAG, size_bytes=10)


@pytest.mark.parametrize(
    "asked",
    [None, "", "bytes=", "bytes=-", "bytes=0-1,3-4", "lines=0-1", "bytes=5-4", "bytes=a-b", "bytes=٣-"],
)
def test_anything_else_asks_for_the_whole(asked):
    assert requested_range(asked, only_if=None, entity_tag=TAG, size_bytes=10) is None


@pytest.mark.parametrize("condition", ['"other"', 'W/"abc"', "Tue, 01 Dec 2026 00:00:00 GMT", ""])
def test_a_part_of_another_content_is_not_sent(condition):
    assert requested_range("bytes=0-1", only_if=condition, entity_tag=TAG, size_bytes=10) is None
