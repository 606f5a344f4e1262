"""Account policy: an owner of the organisation adds its people; public sign-up is closed."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class MemberAccountAdapter(DefaultAccountAdapter):
    """allauth's defaults, with the sign-up page closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Always False: an account without an organisation has no rights."""
        return False
