"""How long a buyer may inspect."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from delivery.inspection_period import end_of_inspection

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("received_on", "days", "expected"),
    [
        # Tuesday, two days: the whole of Thursday counts, so midnight in Tokyo after it.
        (date(2026, 12, 1), 2, datetime(2026, 12, 3, 15, 0, tzinfo=UTC)),
        # Tuesday, a week: the weekend in between counts.
        (date(2026, 12, 1), 7, datetime(2026, 12, 8, 15, 0, tzinfo=UTC)),
        # It would end on a Saturday: it ends with Monday.
        (date(2026, 12, 4), 1, datetime(2026, 12, 7, 15, 0, tzinfo=UTC)),
        # It would end on 31 December: banks open again on 4 January.
        (date(2026, 12, 30), 1, datetime(2027, 1, 4, 15, 0, tzinfo=UTC)),
        # It would end on 3 May, the first of three holidays.
        (date(2027, 4, 30), 3, datetime(2027, 5, 6, 15, 0, tzinfo=UTC)),
    ],
)
def test_silence_accepts_at_the_end_of_the_last_day(received_on, days, expected):
    assert end_of_inspection(received_on, days, TOKYO) == expected
