"""Two spellings of one name or address are equal, and different ones are not."""

from __future__ import annotations

import pytest

from marketplace.registration.names import normal_address, normal_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("讃岐データ株式会社", "(株)讃岐データ"),
        ("㈱サヌキデータ", "さぬきデータ"),
        ("ｻﾇｷﾃﾞｰﾀ", "サヌキデータ"),
        ("髙橋　一郎", "高橋一郎"),
        ("渡邊 太郎", "渡辺太郎"),
        ("齋藤・花子", "斉藤花子"),
        ("Ivan PETROV", "Petrov, Iván"),
        ("Sanuki Data Co., Ltd.", "SANUKI DATA"),
    ],
)
def test_two_spellings_of_a_name_are_equal(one, other):
    assert normal_name(one) == normal_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("讃岐データ", "阿波データ"), ("山田太郎", "山田次郎"), ("Ivan Petrov", "Ivan Petrow")]
)
def test_different_names_differ(one, other):
    assert normal_name(one) != normal_name(other)


def test_a_name_of_a_legal_form_alone_is_no_empty_name():
    assert normal_name("株式会社") != ""
    assert normal_name("Company Limited") != ""


@pytest.mark.parametrize(
    "address",
    ["香川県高松市番町１丁目８番１５号", "香川県高松市番町一丁目８－１５", " 香川県 高松市番町1-8-15"],
)
def test_two_spellings_of_an_address_are_equal(address):
    assert normal_address(address) == "香川県高松市番町1-8-15"
