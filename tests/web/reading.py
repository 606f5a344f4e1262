"""Pages as their readers meet them: addresses, anchors and words."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client


@dataclass
class Reading:
    """What a page holds: where it links to, what it loads, its anchors, elements in order, and its text."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a tag."""
        return [attributes for name, attributes in self.elements if name == tag]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.reading = Reading()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.reading.elements.append((tag, attributes))
        if tag == "a":
            self.reading.links.append(attributes["href"] or "")
        loaded = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        if loaded:
            self.reading.loads.append(loaded)
        if attributes.get("id"):
            self.reading.anchors.append(str(attributes["id"]))
        self.reading.text += f" {attributes.get('content') or ''}{attributes.get('aria-label') or ''}"

    def handle_data(self, data: str) -> None:
        self.reading.text += data


def read(response: Any) -> Reading:
    """The page that an answer holds."""
    reader = _Reader()
    reader.feed(response.content.decode())
    return reader.reading


def reader_of(language: str) -> Client:
    """A browser whose owner reads ``language`` and is nobody."""
    return Client(headers={"accept-language": language})
