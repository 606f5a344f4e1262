"""Charts of a clearing report as SVG. Pure; the same figures give the same picture.

Each picture carries its title as text for screen readers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import drawsvg

INK, ACCENT, TINT = "#1c2733", "#1f3f66", "#dfe7f1"
OUT, IN = "#b4532a", "#2a7a5b"
FONT = "'Noto Sans JP', 'Hiragino Sans', 'Yu Gothic', sans-serif"
WIDTH, HEIGHT = 760, 460
MIDDLE = (WIDTH / 2, HEIGHT / 2 + 10)
RADIUS = 175
PARTY_SIZE, CENTRE_SIZE = 9, 26
LINE_MAX, LINE_MIN = 9.0, 0.8
BAR_WIDTH, BAR_HEIGHT, LABEL_WIDTH = 330, 22, 150
NAME_LENGTH_MAX = 14


@dataclass(frozen=True, slots=True)
class Flow:
    """``amount_minor`` (positive) that party ``debtor`` owes party ``creditor``; both are indexes of the names."""

    debtor: int
    creditor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: label, value, and the amount as text."""

    label: str
    value: float
    written: str


def who_owes_whom(*, names: Sequence[str], flows: Sequence[Flow], title: str) -> str:
    """The parties on a circle, with an arrow per debtor and creditor whose width grows with the amount."""
    picture = _canvas(WIDTH, HEIGHT, title)
    places = _circle(len(names))
    largest = max((flow.amount_minor for flow in flows), default=1)
    for flow in sorted(flows, key=lambda flow: (flow.amount_minor, flow.debtor, flow.creditor)):
        _arrow(
            picture, places[flow.debtor], places[flow.creditor], _width(flow.amount_minor, largest), ACCENT
        )
    _parties(picture, names, places)
    return _svg(picture)


def after_netting(*, names: Sequence[str], nets: Sequence[int], centre: str, title: str) -> str:
    """The operator in the middle; one arrow per party: outward for what it receives, inward for what it owes."""
    picture = _canvas(WIDTH, HEIGHT, title)
    places = _circle(len(names))
    largest = max((abs(net) for net in nets), default=1) or 1
    for place, net in zip(places, nets, strict=True):
        if net > 0:
            _arrow(picture, MIDDLE, place, _width(net, largest), IN)
        elif net < 0:
            _arrow(picture, place, MIDDLE, _width(-net, largest), OUT, gap=CENTRE_SIZE)
    picture.append(drawsvg.Circle(*MIDDLE, CENTRE_SIZE, fill=ACCENT))
    picture.append(_text(centre, 11, MIDDLE[0], MIDDLE[1] + 4, anchor="middle", fill="white"))
    _parties(picture, names, places)
    return _svg(picture)


def bars(*, rows: Sequence[Bar], title: str) -> str:
    """Horizontal bars with their labels and amounts, on one scale."""
    height = 44 + len(rows) * (BAR_HEIGHT + 12)
    picture = _canvas(LABEL_WIDTH + BAR_WIDTH + 140, height, title)
    largest = max((row.value for row in rows), default=1) or 1
    for number, row in enumerate(rows):
        top = 36 + number * (BAR_HEIGHT + 12)
        length = max(BAR_WIDTH * row.value / largest, 1)
        picture.append(drawsvg.Rectangle(LABEL_WIDTH, top, BAR_WIDTH, BAR_HEIGHT, fill=TINT))
        picture.append(drawsvg.Rectangle(LABEL_WIDTH, top, round(length, 2), BAR_HEIGHT, fill=ACCENT))
        picture.append(_text(row.label, 12, LABEL_WIDTH - 8, top + 16, anchor="end"))
        picture.append(_text(row.written, 12, LABEL_WIDTH + BAR_WIDTH + 8, top + 16))
    return _svg(picture)


def _canvas(width: int, height: int, title: str) -> drawsvg.Drawing:
    picture = drawsvg.Drawing(width, height, id_prefix="p", font_family=FONT, role="img")
    picture.append_title(title)
    picture.append(_text(title, 14, 8, 20, fill=ACCENT, weight="600"))
    return picture


def _svg(picture: drawsvg.Drawing) -> str:
    return str(picture.as_svg(header=""))


def _circle(count: int) -> list[tuple[float, float]]:
    """Points on the circle, the first at the top, clockwise."""
    across, down = MIDDLE
    angles = [2 * math.pi * number / max(count, 1) - math.pi / 2 for number in range(count)]
    return [
        (round(across + RADIUS * math.cos(angle), 2), round(down + RADIUS * math.sin(angle), 2))
        for angle in angles
    ]


def _width(amount_minor: int, largest_minor: int) -> float:
    return round(max(LINE_MAX * amount_minor / largest_minor, LINE_MIN), 2)


def _arrow(
    picture: drawsvg.Drawing,
    start: tuple[float, float],
    end: tuple[float, float],
    width: float,
    colour: str,
    *,
    gap: float = PARTY_SIZE,
) -> None:
    """An arrow bent slightly to its right, so that the arrows of both directions between two parties do not overlap.

    The head ends ``gap`` before the end point, clear of what is drawn there.
    """
    (x1, y1), (x2, y2) = start, end
    bend_x, bend_y = (x1 + x2) / 2 + (y1 - y2) * 0.12, (y1 + y2) / 2 + (x2 - x1) * 0.12
    picture.append(
        drawsvg.Path(stroke=colour, stroke_width=width, stroke_opacity=0.55, fill="none")
        .M(x1, y1)
        .Q(round(bend_x, 2), round(bend_y, 2), x2, y2)
    )
    length = math.hypot(x2 - bend_x, y2 - bend_y) or 1
    along_x, along_y = (x2 - bend_x) / length, (y2 - bend_y) / length
    tip_x, tip_y, size = x2 - along_x * (gap + 3), y2 - along_y * (gap + 3), 4 + width
    corners = [
        (tip_x, tip_y),
        (tip_x - along_x * size - along_y * size / 2, tip_y - along_y * size + along_x * size / 2),
        (tip_x - along_x * size + along_y * size / 2, tip_y - along_y * size - along_x * size / 2),
    ]
    points = [round(value, 2) for corner in corners for value in corner]
    picture.append(drawsvg.Lines(*points, close=True, fill=colour, fill_opacity=0.9))


def _parties(picture: drawsvg.Drawing, names: Sequence[str], places: Sequence[tuple[float, float]]) -> None:
    across, down = MIDDLE
    for name, (x, y) in zip(names, places, strict=True):
        picture.append(drawsvg.Circle(x, y, PARTY_SIZE, fill="white", stroke=ACCENT, stroke_width=2))
        side = "middle" if abs(x - across) < 20 else "start" if x > across else "end"
        offset = {"middle": 0, "start": 14, "end": -14}[side]
        lift = (-16 if y < down else 24) if side == "middle" else 4
        picture.append(_text(_short(name), 11, round(x + offset, 2), round(y + lift, 2), anchor=side))


def _short(name: str) -> str:
    return name if len(name) <= NAME_LENGTH_MAX else f"{name[: NAME_LENGTH_MAX - 1]}…"


def _text(
    words: str, size: int, x: float, y: float, *, anchor: str = "start", fill: str = INK, weight: str = "400"
) -> drawsvg.Text:
    return drawsvg.Text(words, size, x, y, text_anchor=anchor, fill=fill, font_weight=weight)
