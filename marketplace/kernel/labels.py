"""Bilingual texts: English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language


class Label(str):
    """A text in English and Japanese. As a ``str`` it is the English text; ``localized()`` gives the reader's language.

    It subclasses ``str`` so that Django's choices, admin and JSON encoders accept it.
    """

    ja: str
    __slots__ = ("ja",)

    def __new__(cls, en: str, ja: str) -> Label:
        """Both texts are required; raises ValueError if one is empty."""
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
        """The text for an IETF language tag: Japanese for ``ja``, English for any other."""
        return self.ja if (language or "").startswith("ja") else str(self)

    def localized(self) -> str:
        """The text in the language of the current request."""
        return self.in_language(get_language())

    def fill(self, fields: Mapping[str, Any]) -> Label:
        """The label with its named placeholders filled in; a field that is a Label fills each language with its own."""
        japanese = {name: value.ja if isinstance(value, Label) else value for name, value in fields.items()}
        return Label(str(self).format_map(dict(fields)), self.ja.format_map(japanese))

    def as_dict(self) -> dict[str, str]:
        """``{"ja": …, "en": …}``, as the API and documents carry labels."""
        return {"ja": self.ja, "en": str(self)}

    def __reduce__(self) -> tuple[type[Label], tuple[str, str]]:
        """Keep both texts when copied or pickled."""
        return (Label, (str(self), self.ja))
