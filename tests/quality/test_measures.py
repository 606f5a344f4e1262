"""Measures of quality: each formula on a table small enough to count by hand."""

from decimal import Decimal
from fractions import Fraction

import pytest

from quality.measures import MEASURES, Subject, measure, published_measures
from quality.profiling import profile_file
from quality.states import Characteristic

SOURCE = {"name": "高松市", "url": "https://opendata.example/", "licence": "CC BY 4.0"}
CLEAN = "日付,緯度,経度,名称\n2026-01-01,34.31962,134.11070,高松\n2026-01-02,34.30674,134.03036,栗林\n"


def subject(*texts, **changes):
    files = [
        profile_file(text if isinstance(text, bytes) else text.encode(), f"{number}.csv", "text/csv")
        for number, text in enumerate(texts)
    ]
    stated = {
        "files": files,
        "personal_data_class": "none",
        "source": SOURCE,
        "update_interval_days": 30,
        "age_days": 0,
        "opened": len(files),
        "stored": len(files),
        "earlier_intact": 2,
        "earlier_files": 2,
    }
    return Subject(**(stated | changes))


def value(characteristic, measured):
    return next(rule.value(measured) for rule in MEASURES if rule.characteristic == characteristic)


def test_a_clean_file_is_perfect_in_every_characteristic():
    measured = {one.characteristic: one.value for one in measure(subject(CLEAN))}
    assert measured == dict.fromkeys(Characteristic, Decimal(1))


@pytest.mark.parametrize(
    ("characteristic", "text", "expected"),
    [
        ("accuracy", "数量\n1\n2\n3\n4\nx\n", Fraction(4, 5)),
        ("accuracy", "名称\n高松\n同上\n不明\n丸亀\n", Fraction(1, 2)),
        ("accuracy", "緯度,値\n34.1,1\n34.2,2\n34.3,3\n34.4,4\n340.0,5\n", Fraction(9, 10)),
        ("completeness", "a,b\n1,x\n2,\n3,\n4,y\n", Fraction(6, 8)),
        ("consistency", "a,b\n1,2\n3,4\n5\n6,7\n", Fraction(3, 4)),
        ("consistency", "prefcode,pref\n37,香川県\n37,香川県\n37,愛媛県\n", Fraction(5, 6)),
        ("accessibility", b"\xef\xbb\xbfa,b\nx,1\n", Fraction(2, 3)),
        ("accessibility", "名称,値\n①,1\n".encode("cp932"), (Fraction(1) + 0 + Fraction(1, 2)) / 3),
        ("compliance", "日付\n2026-01-01\n2026/1/2\n2026/1/3\n2026-01-04\n", Fraction(1, 2)),
        ("compliance", "日付,県\n2026-01-01,香川\n2026-01-02,愛媛\n", Fraction(1, 2)),
        ("confidentiality", "email,値\na1@x.example,1\na2@x.example,2\na3@x.example,3\n", Fraction(1, 2)),
        ("efficiency", "a,b\n1,x\n1,x\n1,x\n1,x\n", (Fraction(1, 4) + 1 + 0) / 3),
        ("efficiency", "a,b\n1,Ａ\n2,y\n", (1 + Fraction(3, 4) + 1) / 3),
        ("precision", "lat,lon\n34.3,134.11070\n34.4,134.03036\n", Fraction(1, 2)),
        ("understandability", "a,a, b\n1,2,3\n4,5,6\nx,y,z\n", Fraction(0)),
        ("understandability", "a,b　c\n1,2\nx,y\n", Fraction(1, 2)),
    ],
)
def test_each_formula_gives_what_is_counted(characteristic, text, expected):
    assert value(characteristic, subject(text)) == expected


@pytest.mark.parametrize(
    ("characteristic", "changes", "expected"),
    [
        ("credibility", {"source": {**SOURCE, "licence": ""}}, Fraction(2, 3)),
        ("credibility", {"source": dict.fromkeys(SOURCE, "")}, Fraction(1, 3)),
        ("traceability", {"source": {**SOURCE, "url": ""}}, Fraction(2, 3)),
        ("currentness", {"age_days": 30}, Fraction(1)),
        ("currentness", {"age_days": 45}, Fraction(1, 2)),
        ("currentness", {"age_days": 400}, Fraction(0)),
        ("currentness", {"update_interval_days": None}, None),
        ("availability", {"opened": 0}, Fraction(0)),
        ("recoverability", {"earlier_intact": 1}, Fraction(1, 2)),
        ("recoverability", {"earlier_intact": 0, "earlier_files": 0}, None),
    ],
)
def test_what_the_seller_states_and_the_market_keeps_counts(characteristic, changes, expected):
    assert value(characteristic, subject(CLEAN, **changes)) == expected


def test_several_files_are_measured_together():
    assert value("completeness", subject("a,b\n1,\n", "a,b\n1,x\n2,y\n3,z\n")) == Fraction(7, 8)
    assert value("portability", subject(CLEAN, b"%PDF\x00")) == Fraction(1, 2)


def test_without_a_table_only_what_does_not_need_one_is_measured():
    measured = {str(one.characteristic): one.value for one in measure(subject(b"%PDF\x00"))}
    assert measured == {
        "credibility": 1,
        "currentness": 1,
        "accessibility": 0,
        "traceability": 1,
        "availability": 1,
        "portability": 0,
        "recoverability": 1,
    }


def test_declared_personal_data_is_no_breach_of_confidence():
    people = "email,値\na1@x.example,1\na2@x.example,2\na3@x.example,3\n"
    assert value("confidentiality", subject(people, personal_data_class="personal")) is None


def test_values_are_cut_off_not_rounded_up():
    text = "a\n" + "1\n" * 2 + "x,y\n"
    measured = {one.characteristic: one.value for one in measure(subject(text))}
    assert measured[Characteristic.CONSISTENCY] == Decimal("0.6666")


def test_every_characteristic_has_a_published_formula_in_both_languages():
    published = published_measures()
    assert [rule["characteristic"] for rule in published] == Characteristic.values
    for rule in published:
        assert rule["formula"]["ja"] != rule["formula"]["en"]
