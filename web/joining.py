"""The pages of people who got a token by mail, without JavaScript: to accept an invitation, or to object to a recovery.

The form carries the token, which only that person has, so no other site can send one for somebody.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import Permission
from marketplace.participants import services
from marketplace.participants.people_serializers import AcceptInvitationSerializer, JoinSerializer
from marketplace.participants.recovery_serializers import ObjectSerializer

from .forms import Refused, done, validated
from .languages import language_of
from .pages import page


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """The form; sent, it makes the login of the invited address, or the signed-in person joins."""
    errors: list[str] = []
    joined = None
    if request.method == "POST":
        with translation.override(language_of(request)):
            try:
                joined = _join(request)
            except Refused as refusal:
                errors = refusal.errors
    return page(
        request,
        "web/join.html",
        language=language_of(request),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        errors=errors,
        joined=joined,
        name=request.POST.get("name", ""),
        signed_in=request.user.is_authenticated,
    )


def _join(request: HttpRequest) -> Any:
    """Accept as the signed-in person, or make a login; raises Refused."""
    stated = {"token": request.POST.get("token", "").strip()}
    if request.user.is_authenticated:
        data = validated(JoinSerializer, stated)
        person = request.user.public_id
        actor = Actor(
            person, Role.PARTICIPANT, permissions=frozenset({Permission.PERSON_OWN}), responsible=person
        )
        return done(lambda: services.join_organisation(actor=actor, **data))
    stated |= {name: request.POST.get(name, "") for name in ("name", "password")}
    data = validated(AcceptInvitationSerializer, stated)
    return done(lambda: services.accept_invitation(**data))


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def object_to_recovery(request: HttpRequest) -> HttpResponse:
    """The form by which a known contact objects to the recovery of an owner, with the token of its mail."""
    errors: list[str] = []
    recovery = None
    if request.method == "POST":
        with translation.override(language_of(request)):
            try:
                stated = {name: request.POST.get(name, "").strip() for name in ("token", "reason")}
                data = validated(ObjectSerializer, stated)
                recovery = done(lambda: services.object_to_recovery(**data))
            except Refused as refusal:
                errors = refusal.errors
    return page(
        request,
        "web/object.html",
        language=language_of(request),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        errors=errors,
        recovery=recovery,
        reason=request.POST.get("reason", ""),
    )
