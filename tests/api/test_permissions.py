"""Routes say what they need, and a caller is asked for it."""

from datetime import timedelta
from types import SimpleNamespace
from typing import ClassVar

import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from marketplace.api.permissions import (
    BY_KEY,
    PUBLIC,
    MayCall,
    declaration_of,
    declare,
    describe_needs,
)
from marketplace.api.views import MarketReadViewSet, command
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.parameters import parameter
from marketplace.kernel.permissions import Permission
from marketplace.rules.errors import NoParameter


def caller(*permissions, is_operator=False, minutes=0):
    actor = Actor(
        "usr_1",
        Role.OPERATOR if is_operator else Role.PARTICIPANT,
        permissions=frozenset(permissions),
        proved_at=clock.real_now() - timedelta(minutes=minutes),
    )
    return SimpleNamespace(actor=actor, pk="usr_1", is_operator=is_operator, is_authenticated=True)


class Declared(APIView):
    authentication_classes: ClassVar = []
    throttle_classes: ClassVar = []
    permission_classes = (MayCall,)
    reads = (Permission.MONEY_READ, Permission.CLEARING_READ)

    def get(self, request):
        return Response("read")

    @declare(Permission.MEMBERS_WRITE)
    def post(self, request):
        return Response("done")


class Undeclared(Declared):
    reads = None

    def get(self, request):
        return Response("read")

    def post(self, request):
        return Response("done")


class OfEverybody(Declared):
    reads = PUBLIC


class ByKey(Declared):
    reads = BY_KEY


def status(view, method, user=None):
    request = getattr(APIRequestFactory(), method)("/")
    if user is not None:
        force_authenticate(request, user)
    answer = view.as_view()(request)
    return answer.status_code if answer.status_code == 200 else (answer.status_code, answer.data["code"])


def test_a_declared_route_is_called_with_one_of_its_permissions():
    assert status(Declared, "get", caller(Permission.CLEARING_READ)) == 200
    assert status(Declared, "get", caller(Permission.MONEY_READ)) == 200
    assert status(Declared, "get", caller(Permission.MARKET_READ)) == (403, "permission_needed")
    assert status(Declared, "post", caller(Permission.MEMBERS_WRITE)) == 200
    assert status(Declared, "post", caller(Permission.PROGRAMS_WRITE)) == (403, "permission_needed")


def test_a_permission_that_needs_a_fresh_proof_is_not_enough_without_one():
    assert status(Declared, "post", caller(Permission.MEMBERS_WRITE, minutes=11)) == (403, "proof_needed")
    assert status(Declared, "get", caller(Permission.MONEY_READ, minutes=11)) == 200


def test_a_public_route_needs_no_caller_and_others_do():
    assert status(OfEverybody, "get") == 200
    assert status(Declared, "get") == (403, "permission_denied")


def test_an_unknown_method_is_refused_as_such():
    assert status(Declared, "put", caller()) == (405, "method_not_allowed")


def test_nobody_calls_a_route_without_a_declaration():
    for method in ("get", "post"):
        everything = caller(*Permission, is_operator=True)
        assert status(Undeclared, method, everything) == (403, "permission_denied")


def test_a_route_by_key_lets_nobody_in_by_permissions():
    assert status(ByKey, "get", caller(*Permission)) == (403, "permission_denied")


def test_a_command_carries_what_it_needs_into_the_document():
    class Things(MarketReadViewSet):
        reads = Permission.MARKET_READ

        @command(summary="Do", response=None, needs=Permission.LISTINGS_WRITE)
        def act(self, data, public_id):
            """Act."""

    view = Things()
    view.action = "act"
    assert declaration_of(view, "POST") is Permission.LISTINGS_WRITE
    view.action = "list"
    assert declaration_of(view, "GET") is Permission.MARKET_READ
    assert declaration_of(view, "POST") is None
    assert describe_needs(PUBLIC) == "Everybody may call it."
    assert describe_needs((Permission.LISTINGS_WRITE, Permission.MEMBERS_WRITE)) == (
        "Needs the permission `listings:write` or `members:write` (confirmed afresh)."
    )


@pytest.mark.django_db
def test_a_parameter_is_read_below_the_rules():
    assert parameter("second_person_hours") > 0
    with pytest.raises(NoParameter):
        parameter("nothing_of_the_kind")
