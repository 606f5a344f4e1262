"""Account policy: people join by invitations; public sign-up is closed."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from marketplace.api.addresses import client_address


class MemberAccountAdapter(DefaultAccountAdapter):
    """allauth's defaults, with the sign-up page closed, and failed logins counted by the client's true address."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Always False: an account without an organisation has no rights."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address of the client behind the trusted proxies."""
        return client_address(request)
