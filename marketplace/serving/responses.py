"""Answers that learn what their receiver has taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from django.http import StreamingHttpResponse


class Dispatch(Protocol):
    """Content of ``length_bytes`` that is sent in chunks and told how much of it arrived.

    ``note_taken`` gets the bytes that the receiver's host has acknowledged, again and again, never fewer than before.
    Whatever follows the last chunk is asked for only after that was acknowledged. ``break_off`` says why the sending
    ends before that; ``close`` is always called.
    """

    length_bytes: int

    def __iter__(self) -> Iterator[bytes]:
        """The chunks."""
        ...

    def note_taken(self, taken_bytes: int) -> None:
        """Learn what was taken until now."""
        ...

    def break_off(self, cause: BaseException) -> None:
        """Learn why nothing more is sent: ReceiverGone, ReceiverTooSlow, or what else ended it."""
        ...

    def close(self) -> None:
        """The sending is over."""
        ...


class DispatchResponse(StreamingHttpResponse):
    """A streaming answer whose content is told what was taken; the server asks for its end only after that."""

    def __init__(self, dispatch: Dispatch, content_type: str, status: int = 200) -> None:
        """``dispatch`` is closed with the answer."""
        super().__init__(dispatch, content_type=content_type, status=status)
        self.dispatch = dispatch
        self["Content-Length"] = str(dispatch.length_bytes)
