"""Every route says who may call it, and the market does not start with one that does not."""

from __future__ import annotations

import pytest
from django.test import override_settings
from django.urls import include, path
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.checks import api_routes, check_routes
from marketplace.api.permissions import BY_KEY, PUBLIC, permissions_in
from marketplace.kernel.permissions import Permission


class Declared(APIView):
    reads = Permission.MARKET_READ

    def get(self, request):
        return Response("read")


class Undeclared(Declared):
    reads = None


class Unguarded(Declared):
    permission_classes = (AllowAny,)


class Open(Declared):
    permission_classes = ()


class KeyedByMistake(Declared):
    reads = BY_KEY


class ForEverybody(Declared):
    reads = PUBLIC


def plain(request):
    """A view of Django, which asks nobody anything."""


class Routes:
    """A URL configuration with one route of the API."""

    def __init__(self, view):
        self.urlpatterns = [path("api/v1/", include([path("things/", view)]))]


def faults(view) -> list[str]:
    with override_settings(ROOT_URLCONF=Routes(view)):
        return [str(fault.id) for fault in check_routes()]


def test_every_route_of_the_market_declares_who_may_call_it():
    assert check_routes() == []
    routes = api_routes()
    assert len(routes) > 150
    assert len({(route.method, route.path) for route in routes}) == len(routes)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (Declared.as_view(), []),
        (ForEverybody.as_view(), []),
        (Undeclared.as_view(), ["api.E001"]),
        (plain, ["api.E001"]),
        (Unguarded.as_view(), ["api.E002"]),
        (Open.as_view(), ["api.E002"]),
        (KeyedByMistake.as_view(), ["api.E002"]),
        (Declared.as_view(permission_classes=[AllowAny]), ["api.E002"]),
    ],
)
def test_a_route_that_is_open_by_mistake_is_named(view, expected):
    assert faults(view) == expected


def test_commands_for_everybody_are_few_and_known():
    """Those of a stranger who applies, is invited, lost its owner's login, or has another key of its own."""
    open_commands = {
        route.name
        for route in api_routes()
        if route.changes and not permissions_in(route.needs) and route.needs is not BY_KEY
    }
    assert open_commands == {
        "cosignature-list",
        "joining-accept",
        "joining-object-to-recovery",
        "owner-recovery-list",
        "registration-list",
    }
