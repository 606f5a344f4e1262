"""References that travel through banks: what pays in under which name, and which payment a booking confirms."""

from __future__ import annotations

import pytest

from clearing.bank.pay_in_reference import find_pay_in_references, pay_in_reference_of
from clearing.settlement.routes.reference import find_references, payment_reference


def test_a_deposit_reference_is_found_in_any_width_and_case():
    reference = pay_in_reference_of(1)
    assert reference == "SP000000018"
    for text in (
        reference,
        f"振込 {reference} ミナト",
        reference.lower(),
        "ＳＰ０００００００１８",
        f"({reference})",
    ):
        assert find_pay_in_references(text) == [1]


@pytest.mark.parametrize(
    "text", ["", "SP00000001", "SP0000000189", "XSP000000018", "SP000000019", "SP 000000018"]
)
def test_what_only_looks_like_one_is_not_found(text):
    assert find_pay_in_references(text) == []


def test_every_wrong_digit_is_noticed():
    reference = pay_in_reference_of(12_345)
    for at in range(2, len(reference)):
        for digit in "0123456789":
            changed = reference[:at] + digit + reference[at + 1 :]
            assert (find_pay_in_references(changed) != []) == (changed == reference)


def test_several_references_are_all_found():
    text = f"{pay_in_reference_of(7)} {pay_in_reference_of(3)} {pay_in_reference_of(7)}"
    assert find_pay_in_references(text) == [7, 3]


@pytest.mark.parametrize("key", [0, 100_000_000])
def test_a_key_that_does_not_fit_is_refused(key):
    with pytest.raises(ValueError, match="eight digits"):
        pay_in_reference_of(key)


def test_a_payment_reference_fits_a_transfer_and_is_found_again():
    reference = payment_reference(currency="JPY", cycle_number=12, sequence=345)
    longest = payment_reference(currency="JPY", cycle_number=999_999_999, sequence=999_999)
    assert (reference, len(longest)) == ("JPY00012-000345", 19)
    for text in (reference, f"組戻　{reference.lower()}", "ＪＰＹ０００１２－０００３４５"):
        assert find_references(text) == [reference]
    assert find_references(f"X{reference} {reference}1") == []
    with pytest.raises(ValueError, match="does not fit"):
        payment_reference(currency="JPY", cycle_number=1, sequence=1_000_000)


def test_a_restoration_stands_in_the_reference_and_the_first_has_none():
    plain = payment_reference(currency="JPY", cycle_number=12, sequence=345, restoration=0)
    restored = payment_reference(currency="JPY", cycle_number=12, sequence=345, restoration=3)
    longest = payment_reference(currency="JPY", cycle_number=99_999, sequence=999_999, restoration=9_999)
    assert (plain, restored, len(longest)) == ("JPY00012-000345", "JPY00012R3-000345", 20)
    assert find_references(f"振込 {restored} {plain} ｊｐｙ00012r3-000345") == [restored, plain]
    assert find_references("JPY00012R0-000345 JPY00012R-000345") == []
    with pytest.raises(ValueError, match="does not fit"):
        payment_reference(currency="JPY", cycle_number=999_999_999, sequence=1, restoration=1)
