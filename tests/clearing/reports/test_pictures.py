"""The pictures of a clearing report: well-formed, labelled, true to their figures, and the same every time."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from clearing.reports.pictures import Bar, Flow, after_netting, bars, who_owes_whom

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["甲社", "B & <Co>", "C"]
FLOWS = [Flow(0, 1, 100), Flow(1, 2, 50), Flow(2, 0, 1)]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # our own picture


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in parsed(svg).iter(f"{SVG}text")]


def test_every_party_is_named_and_every_flow_drawn():
    svg = who_owes_whom(names=NAMES, flows=FLOWS, title="題")
    assert texts(svg) == ["題", *NAMES]
    strokes = [
        float(node.get("stroke-width")) for node in parsed(svg).iter(f"{SVG}path") if node.get("stroke-width")
    ]
    assert strokes == [0.8, 4.5, 9.0]
    assert parsed(svg).find(f"{SVG}title").text == "題"


def test_after_netting_there_is_one_arrow_a_party_with_an_amount():
    svg = after_netting(names=NAMES, nets=[99, 0, -99], centre="運営者", title="t")
    colours = [
        node.get("stroke") for node in parsed(svg).iter(f"{SVG}path") if node.get("stroke-width") == "9.0"
    ]
    assert sorted(colours) == ["#2a7a5b", "#b4532a"]


def test_bars_are_as_long_as_what_they_measure():
    svg = bars(rows=[Bar("a", 100, "¥100"), Bar("b", 25, "¥25"), Bar("c", 0, "¥0")], title="t")
    widths = [node.get("width") for node in parsed(svg).iter(f"{SVG}rect") if node.get("fill") == "#1f3f66"]
    assert list(map(float, widths)) == [330, 82.5, 1]
    assert texts(svg) == ["t", "a", "¥100", "b", "¥25", "c", "¥0"]


@pytest.mark.parametrize("count", [0, 1, 2, 25])
def test_any_number_of_parties_can_be_drawn(count):
    names = [f"party {number} with a long name" for number in range(count)]
    flows = [Flow(number, (number + 1) % count, number + 1) for number in range(count)] if count > 1 else []
    svg = who_owes_whom(names=names, flows=flows, title="t")
    assert svg == who_owes_whom(names=names, flows=list(reversed(flows)), title="t")
    assert len(texts(svg)) == count + 1
    assert len(texts(after_netting(names=names, nets=[0] * count, centre="o", title="t"))) == count + 2
