"""Words a participant reads, in both languages of the market."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language


class Label(str):
    """A text in English and Japanese. As a ``str`` it is the English text; ``localized()`` follows the reader.

    It is a ``str`` so that Django's choices, admin and JSON encoders take it as it is.
    """

    ja: str
    __slots__ = ("ja",)

    def __new__(cls, en: str, ja: str) -> Label:
        """Both texts are required; an empty one is a programming error."""
        if not en or not ja:
            raise ValueError("a label needs a text in English and in Japanese")
        label = super().__new__(cls, en)
        label.ja = ja
        return label

    @property
    def en(self) -> str:
        """The English text."""
        return str(self)

    def in_language(self, language: str | None) -> str:
        """The text for an IETF language tag; anything but Japanese reads English."""
        return self.ja if (language or "").startswith("ja") else str(self)

    def localized(self) -> str:
        """The text in the language of the current request."""
        return self.in_language(get_language())

    def fill(self, fields: Mapping[str, Any]) -> Label:
        """The label with its named placeholders filled in, in both languages."""
        return Label(str(self).format_map(dict(fields)), self.ja.format_map(dict(fields)))

    def as_dict(self) -> dict[str, str]:
        """``{"ja": …, "en": …}``, the shape in which the API and documents carry labels."""
        return {"ja": self.ja, "en": str(self)}

    def __reduce__(self) -> tuple[type[Label], tuple[str, str]]:
        """Keep both texts when copied or pickled."""
        return (Label, (str(self), self.ja))
