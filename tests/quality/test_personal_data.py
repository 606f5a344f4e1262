"""Traces of personal data, by rule."""

import csv
import io
import random

import pytest

from quality.personal_data import RULES, card_number_valid, my_number_valid
from quality.personal_names import is_full_name
from quality.profiling import profile_file

PEOPLE = ["佐藤 花子", "鈴木太郎", "高橋　美咲", "田中健一", "伊藤 真由美", "渡辺 大輔"]
LATIN_PEOPLE = ["James Smith", "Mary A. Garcia", "Robert Brown", "Linda Davis", "Susan Lee", "Mr. John Doe"]


def scan(header, rows):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return profile_file(text.getvalue().encode(), "a.csv", "text/csv")


def found(header, rows):
    return {(finding.rule, finding.column) for finding in scan(header, rows).findings}


def numbers(count, make, seed=7):
    """Made-up numbers that pass a check, the same each time."""
    generator = random.Random(seed)
    made = []
    while len(made) < count:
        candidate = make(generator)
        if candidate:
            made.append((candidate,))
    return made


def my_number(generator):
    body = f"{generator.randrange(10**11):011d}"
    return next((body + digit for digit in "0123456789" if my_number_valid(body + digit)), None)


def card_number(generator):
    body = f"4{generator.randrange(10**14):014d}"
    return next((body + digit for digit in "0123456789" if card_number_valid(body + digit)), None)


@pytest.mark.parametrize(
    ("header", "values", "rule"),
    [
        ("連絡", [f"taro{n}@mail.example" for n in range(5)], "email"),
        ("備考", [f"担当 taro{n}@mail.example まで" for n in range(5)], "email"),
        ("電話", ["090-1234-5678", "08012345678", "070 1111 2222"], "mobile_phone"),
        ("メモ", ["連絡先は090-1234-5678です"] * 3, "mobile_phone"),
        ("電話番号", ["9012345678", "8012345678", "7011112222"], "mobile_phone"),
        ("電話", ["+81 90-1234-5678"] * 3, "mobile_phone"),
        ("氏名", PEOPLE, "person_name"),
        ("x", PEOPLE, "person_name"),
        ("担当者名", ["佐藤", "鈴木", "営業部"], "person_name"),
        ("お名前", ["サトウ ハナコ", "スズキ タロウ"], "person_name"),
        ("owner", LATIN_PEOPLE, "person_name"),
        ("last_name", ["Okonkwo", "Nguyen", "Silva"], "person_name"),
        ("会員", [row[0] for row in numbers(20, my_number)], "my_number"),
        ("支払", [row[0] for row in numbers(20, card_number)], "card_number"),
        ("運転免許証番号", ["123456789012", "987654321098"], "identification_code"),
        ("passport", ["TK1234567", "MU7654321"], "identification_code"),
        ("生年月日", ["1980-01-02", "1975/12/1", "昭和55年3月4日"], "birth_date"),
        ("電話番号", ["087-841-2146", "03-1234-5678"], "landline_phone"),
        ("住所", ["高松市番町一丁目８番１５号", "東京都港区芝公園4-2-8"], "address"),
        ("病名", ["糖尿病", "高血圧"], "special_care"),
        ("ip", ["203.0.113.9", "198.51.100.23"], "online_identifier"),
    ],
)
def test_each_rule_finds_what_it_looks_for(header, values, rule):
    assert (rule, header) in found([header, "値"], [(value, n) for n, value in enumerate(values)])


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("email", [f"info{n}@shop.example" for n in range(9)]),
        ("name", ["Livingston Municipal", "Meadow Lake", "Perry-Warsaw", "St George"]),
        ("名称", ["高松赤十字病院", "さくら薬局", "香川大学"]),
        ("町域", ["田中", "山田", "佐藤", "高橋町", "中村"]),
        ("駅", ["高松", "栗林", "志度"]),
        ("社長交代", ["2026-01-01", "2026-02-01"]),
        ("JAN", ["4901234567894", "4912345678904", "4909876543210", "4900000000017", "4911111111116"]),
        ("時刻", [str(1_700_000_000_000 + n * 86_400_000) for n in range(30)]),
        ("番号", [str(random.Random(3).randrange(10**11, 10**12) + n * 7_919) for n in range(60)]),
        ("hotel", ["12", "25", "37"]),
        ("disease", ["15", "37", "480"]),
        ("版", ["1.2.3.4", "10.0.0.1x", "n/a"]),
        ("郵便番号", ["760-0017", "100-0001", "1000002"]),
    ],
)
def test_what_is_no_person_is_left_alone(header, values):
    assert found([header, "値"], [(value, n) for n, value in enumerate(values)]) == set()


def test_a_business_directory_is_not_suspected():
    rows = [(f"さくら薬局{n}号店", f"港区芝公園{n}-2-8", f"03-1234-{n:04d}") for n in range(1, 20)]
    directory = scan(("店舗名", "住所", "電話番号"), rows)
    assert {finding.rule for finding in directory.findings} == {"address", "landline_phone"}
    assert directory.personal_data_suspected is False


def test_a_date_of_birth_with_an_address_is_suspected():
    rows = [(f"1980-01-{n:02d}", f"港区芝公園{n}-2-8", n) for n in range(1, 20)]
    assert scan(("生年月日", "住所", "点数"), rows).personal_data_suspected is True
    assert scan(("生年月日", "点数"), [(row[0], row[2]) for row in rows]).personal_data_suspected is False


def test_two_addresses_among_many_rows_are_no_finding():
    rows = [(f"text {n}", n) for n in range(100)]
    rows[3], rows[50] = ("taro@mail.example", 3), ("jiro@mail.example", 50)
    assert found(("備考", "値"), rows) == set()
    rows[70] = ("saburo@mail.example", 70)
    assert found(("備考", "値"), rows) == {("email", "備考")}


def test_a_finding_counts_and_shows_its_share():
    (finding,) = scan(("備考", "値"), [("taro@mail.example", 1), *[("x", n) for n in range(3)]]).findings
    assert (finding.found, finding.examined, finding.share_bp, finding.strong) == (1, 4, 2_500, True)


@pytest.mark.parametrize(
    ("number", "valid"),
    [("123456789018", True), ("123456789012", False), ("12345678901", False), ("abc", False)],
)
def test_check_digits_of_individual_numbers(number, valid):
    assert my_number_valid(number) is valid


@pytest.mark.parametrize(
    ("number", "valid"),
    [("4111111111111111", True), ("4111 1111 1111 1111", True), ("4111111111111112", False), ("1234", False)],
)
def test_check_digits_of_cards(number, valid):
    assert card_number_valid(number) is valid


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("佐藤 花子", True),
        ("理事長　新木　一弘", True),
        ("田中", False),
        ("高松市", False),
        ("株式会社穴吹工務店", False),
        ("John Smith", True),
        ("Thigpen Field", False),
        ("", False),
        ("佐藤花子と鈴木太郎が今日の会議で説明した内容について", False),
    ],
)
def test_full_names(text, named):
    assert is_full_name(text) is named


def test_every_rule_is_published_in_both_languages():
    published = [rule.published() for rule in RULES]
    assert len({rule["code"] for rule in published}) == len(published) == 11
    for rule in published:
        assert rule["label"]["ja"] != rule["label"]["en"]
        assert rule["method"]["ja"] != rule["method"]["en"]
