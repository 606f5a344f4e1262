"""Accounts as transfer files carry them."""

import pytest

from marketplace.kernel.errors import FieldInvalid
from marketplace.participants.payout_accounts import PayoutAccount, holder_kana, payout_account

from .factories import PAYOUT_ACCOUNT


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("サンポ(カ", "ｻﾝﾎﾟ(ｶ"),
        ("ｻﾝﾎﾟ(ｶ", "ｻﾝﾎﾟ(ｶ"),
        ("カ)データバンク", "ｶ)ﾃﾞ-ﾀﾊﾞﾝｸ"),
        ("ｶ)ﾃﾞｰﾀ", "ｶ)ﾃﾞ-ﾀ"),
        ("キョウト　シ", "ｷﾖｳﾄ ｼ"),
        ("ヴァイオ", "ｳﾞｱｲｵ"),
        ("sanpo 1/2", "SANPO 1/2"),
        ("ヲ・ン", None),
        ("讃岐データ", None),
        ("", None),
        ("ア" * 31, None),
        ("ガ" * 16, None),
    ],
)
def test_a_holder_is_kept_in_half_width_katakana(written, kept):
    if kept is None:
        with pytest.raises(FieldInvalid) as refusal:
            holder_kana(written)
        assert refusal.value.name == "payout_account.account_holder_kana"
    else:
        assert holder_kana(written) == kept
        assert len(kept.encode("cp932")) == len(kept)


def test_an_account_is_made_of_five_fields():
    assert payout_account(PAYOUT_ACCOUNT) == PayoutAccount("0001", "002", "ordinary", "1234567", "ｻﾝﾎﾟ(ｶ")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bank_code", "1"),
        ("bank_code", "１２３４"),
        ("branch_code", "12"),
        ("account_type", "savings"),
        ("account_number", "123456"),
        ("account_number", None),
        ("iban", "JP00"),
    ],
)
def test_a_fault_in_an_account_names_its_field(field, value):
    stated = {**PAYOUT_ACCOUNT, field: value}
    if value is None:
        del stated[field]
    with pytest.raises(FieldInvalid) as refusal:
        payout_account(stated)
    assert refusal.value.name == f"payout_account.{field}"
    assert refusal.value.message.ja != refusal.value.message.en
