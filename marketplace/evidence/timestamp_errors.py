"""What is wrong with the answer of a timestamp authority."""

from __future__ import annotations


class TimestampRefused(Exception):
    """An answer is not kept. ``code`` says why, for programs and tests; the text is for the operator.

    Codes: ``unreachable``, ``too_large``, ``unreadable``, ``status_rejected``, ``imprint_differs``, ``nonce_differs``,
    ``policy_differs``, ``not_trusted``, ``time_differs``.
    """

    def __init__(self, code: str, text: str) -> None:
        """Keep the code."""
        super().__init__(f"{code}: {text}")
        self.code = code


class AuthorityMisconfigured(Exception):
    """The settings name a timestamp authority, but not certificates that can be pinned."""
