"""Which kinds of records law keeps secret at first: an index finds them by when they happened. Pure."""

from __future__ import annotations

from typing import Final

SECRET_KINDS: Final = ("registration.screened", "registration.screening_assessed")
"""The kinds that are declared with ``sealed_days`` (``parties``)."""
