"""A refusal leaves everything as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from marketplace.kernel.errors import DomainError

from .factories import everything


@contextmanager
def refused(error: type[DomainError], **fields: Any) -> Iterator[None]:
    """What runs inside is refused with ``error`` and these fields, and nothing has changed."""
    before = everything()
    with pytest.raises(error) as refusal:
        yield
    assert refusal.type is error
    assert {name: refusal.value.fields[name] for name in fields} == fields
    assert everything() == before
