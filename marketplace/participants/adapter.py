"""How people come to have an account: an owner of their organisation adds them; nobody signs up alone."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class MemberAccountAdapter(DefaultAccountAdapter):
    """allauth's defaults, with the sign-up page closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an account without an organisation could do nothing here."""
        return False
