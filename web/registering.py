"""The pages on which an organisation applies for registration, without JavaScript and without cookies.

Every form carries the number and the key of the application, so no other site can send one for somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.api.addresses import counted_address
from marketplace.kernel.actors import Actor
from marketplace.participants.states import OrganisationKind
from marketplace.registration import services
from marketplace.registration.authentication import applicant_of
from marketplace.registration.models import Registration
from marketplace.registration.serializers import (
    AddDocumentSerializer,
    ApplyForRegistrationSerializer,
    ProveEmailSerializer,
    StateOwnersSerializer,
)
from marketplace.registration.states import DocumentKind, OwnerBasis
from marketplace.registration.views import read_document

from .forms import Refused, done, validated
from .languages import language_of
from .pages import page
from .registering_texts import APPLYING, FIELDS

OPTIONAL = {"corporate_number", "lei", "invoice_registration_number", "representative_title"}
TYPES = {"email": "email"}
OWNER_ROWS = range(4)
Command = Callable[[HttpRequest, Actor, str], Any]


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """The form of an application; sent, it begins one and shows its number and key."""
    errors: list[str] = []
    if request.method == "POST":
        with translation.override(language_of(request)):
            try:
                row = _begin(request)
            except Refused as refusal:
                errors = refusal.errors
            else:
                return _file_page(request, row.public_id, str(row.issued_key), status=HTTPStatus.CREATED)
    fields = [
        {
            "name": name,
            "label": label,
            "type": TYPES.get(name, "text"),
            "required": name not in OPTIONAL,
            "value": request.POST.get(name, "JP" if name == "country" else ""),
        }
        for name, label in FIELDS.items()
    ]
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return page(
        request,
        "web/register.html",
        language=language_of(request),
        status=status,
        fields=fields,
        kinds=OrganisationKind.choices,
        errors=errors,
    )


def _begin(request: HttpRequest) -> Any:
    """Begin the application that a form states; raises Refused."""
    stated = {name: request.POST.get(name, "").strip() for name in FIELDS}
    names = {"ja": stated.pop("name_ja"), "en": stated.pop("name_en")}
    given = {name: value for name, value in stated.items() if value or name not in OPTIONAL}
    data = validated(
        ApplyForRegistrationSerializer, {**given, "name": names, "language": language_of(request)}
    )
    return done(lambda: services.apply(client_address=counted_address(request), **data))


@csrf_exempt
@never_cache
@require_POST
def registration_file(request: HttpRequest) -> HttpResponse:
    """The application whose number and key a form carries, after the form's command."""
    key = request.POST.get("key", "").strip()
    number = request.POST.get("number", "").strip()
    applicant = applicant_of(key)
    with translation.override(language_of(request)):
        if applicant is None or applicant.pk != number:
            return _unknown(request)
        errors: list[str] = []
        if command := COMMANDS.get(request.POST.get("command", "")):
            try:
                command(request, applicant.actor, number)
            except Refused as refusal:
                errors = refusal.errors
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        return _file_page(request, number, key, status=status, errors=errors)


def _unknown(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "web/register.html",
        language=language_of(request),
        status=HTTPStatus.NOT_FOUND,
        fields=[],
        errors=[APPLYING["register_unknown"].localized()],
    )


def _file_page(
    request: HttpRequest, number: str, key: str, *, status: int, errors: list[str] | None = None
) -> HttpResponse:
    row = Registration.objects.get(public_id=number)
    return page(
        request,
        "web/registration_file.html",
        language=language_of(request),
        status=status,
        row=row,
        key=key,
        state=row.get_state_display(),
        documents=row.documents.defer("content").order_by("pk"),
        owners=row.owners.order_by("pk"),
        document_kinds=DocumentKind.choices,
        bases=OwnerBasis.choices,
        owner_rows=OWNER_ROWS,
        errors=errors or [],
    )


def _prove(request: HttpRequest, actor: Actor, number: str) -> Any:
    data = validated(ProveEmailSerializer, {"code": request.POST.get("code", "").strip()})
    return done(lambda: services.prove_email(actor=actor, registration=number, **data))


def _send_code(request: HttpRequest, actor: Actor, number: str) -> Any:
    return done(lambda: services.send_code(actor=actor, registration=number))


def _add_document(request: HttpRequest, actor: Actor, number: str) -> Any:
    data = validated(
        AddDocumentSerializer, {"kind": request.POST.get("kind", ""), "file": request.FILES.get("file")}
    )

    def add() -> Any:
        read_document(None, data, number)
        return services.add_document(actor=actor, registration=number, **data)

    return done(add)


def _state_owners(request: HttpRequest, actor: Actor, number: str) -> Any:
    rows = [_owner(request, row) for row in OWNER_ROWS if request.POST.get(f"name_{row}", "").strip()]
    data = validated(StateOwnersSerializer, {"owners": rows})
    return done(lambda: services.state_owners(actor=actor, registration=number, **data))


def _owner(request: HttpRequest, row: int) -> dict[str, Any]:
    """One row of the form, with the share in basis points."""
    names = ("name", "country", "born_on", "basis")
    stated: dict[str, Any] = {name: request.POST.get(f"{name}_{row}", "").strip() for name in names}
    percent = request.POST.get(f"percent_{row}", "").strip()
    if percent:
        stated["share_bp"] = f"{percent}00"
    return stated


def _submit(request: HttpRequest, actor: Actor, number: str) -> Any:
    return done(lambda: services.submit(actor=actor, registration=number))


COMMANDS: Mapping[str, Command] = {
    "prove": _prove,
    "code": _send_code,
    "document": _add_document,
    "owners": _state_owners,
    "submit": _submit,
}
