"""The rule of limits of authority alone: whose limit counts, and which statement allows somebody more."""

from __future__ import annotations

from datetime import date

import pytest

from marketplace.participants.authority import (
    NOTHING,
    ROLES,
    UNLIMITED,
    Ceiling,
    Stated,
    ceiling_of,
    effective_on,
    is_raised,
)

ROLE = Stated("sign", "signatory", "", "JPY", Ceiling(100, 500))
OWN = Stated("sign", "", "usr_a", "JPY", Ceiling(1_000, None))


def of(limits: list[Stated], **changes: str) -> Ceiling:
    asked = {"act": "sign", "role": "signatory", "person": "usr_a", "currency": "JPY", **changes}
    return ceiling_of(limits, **asked)


def test_an_act_is_limited_for_the_roles_that_commit():
    assert ROLES == {"sign": ("signatory",), "buy": ("signatory", "trader")}


@pytest.mark.parametrize(
    ("limits", "changes", "expected"),
    [
        ([], {}, UNLIMITED),
        ([ROLE], {}, ROLE.ceiling),
        ([ROLE, OWN], {}, OWN.ceiling),
        ([ROLE, OWN], {"person": "usr_b"}, ROLE.ceiling),
        ([OWN], {"person": "usr_b"}, UNLIMITED),
        ([ROLE], {"act": "buy"}, UNLIMITED),
        ([ROLE], {"currency": "USD"}, NOTHING),
        ([OWN], {"currency": "USD"}, NOTHING),
        ([OWN, Stated("sign", "signatory", "", "USD", Ceiling(5, 5))], {"currency": "USD"}, Ceiling(5, 5)),
        ([ROLE, Stated("sign", "", "usr_a", "JPY", UNLIMITED)], {}, ROLE.ceiling),
        ([Stated("sign", "signatory", "", "JPY", UNLIMITED)], {}, UNLIMITED),
    ],
)
def test_the_nearest_limit_counts(limits, changes, expected):
    assert of(limits, **changes) == expected


@pytest.mark.parametrize(
    ("standing", "stated", "expected"),
    [
        ([], ROLE, False),
        ([ROLE], Stated("sign", "signatory", "", "JPY", Ceiling(100, 499)), False),
        ([ROLE], Stated("sign", "signatory", "", "JPY", Ceiling(101, 499)), True),
        ([ROLE], Stated("sign", "signatory", "", "JPY", Ceiling(100, None)), True),
        ([ROLE], Stated("sign", "signatory", "", "JPY", UNLIMITED), True),
        ([ROLE], OWN, True),
        ([ROLE], Stated("sign", "", "usr_a", "JPY", Ceiling(100, 500)), False),
        ([ROLE, OWN], Stated("sign", "", "usr_a", "JPY", UNLIMITED), False),
        ([OWN], Stated("sign", "", "usr_a", "JPY", UNLIMITED), True),
        ([ROLE], Stated("sign", "signatory", "", "USD", Ceiling(1, 1)), True),
        (
            [Stated("buy", "trader", "", "JPY", Ceiling(1, 1))],
            Stated("buy", "", "usr_a", "JPY", Ceiling(5, 5)),
            True,
        ),
    ],
)
def test_what_allows_somebody_more_is_a_raise(standing, stated, expected):
    assert is_raised(standing, stated) is expected


@pytest.mark.parametrize(
    ("stated_on", "expected"),
    [
        (date(2026, 4, 24), date(2026, 4, 28)),  # Friday: Monday passes
        (date(2026, 4, 28), date(2026, 5, 1)),  # a holiday lies between
        (date(2026, 4, 20), date(2026, 4, 22)),
    ],
)
def test_a_raise_waits_a_whole_business_day(stated_on, expected):
    assert effective_on(stated_on) == expected
