"""Tells what a framework uses by its name: Django, REST framework, django-filter, Celery and our own events.

Each rule looks at the classes themselves, so Django must be set up.
"""

from __future__ import annotations

import enum
import importlib
import inspect
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import AppConfig, apps
from django.conf import global_settings, settings
from django.core.management import BaseCommand
from django.db.models import Model
from django.views import View
from django_filters import FilterSet
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.serializers import BaseSerializer, SerializerMethodField

from marketplace.events.schema import Event, Part

# Of these a framework finds every subclass by itself.
FOUND_CLASSES = (AppConfig, BaseCommand, OpenApiAuthenticationExtension)
# What an HTTP method or a router calls on a view.
ROUTED = {"list", "retrieve", "create", "update", "partial_update", "destroy", "get", "post", "put", "patch", "delete"}  # fmt: skip
# Settings beside Django's own, by the beginning of their names.
LIBRARY_SETTINGS = ("ACCOUNT_", "CELERY_", "CONTENT_SECURITY_", "HEADLESS_", "MFA_", "OAUTH2_PROVIDER", "REST_FRAMEWORK", "SPECTACULAR_", "WHITENOISE_")  # fmt: skip
# Django's own that have no default.
DJANGO_SETTINGS = ("ROOT_URLCONF", "ASGI_APPLICATION", "EMAIL_FILE_PATH")
NAMES = {
    "urlpatterns": "Django finds the routes of a module by it",
    "handler400": "Django finds the view of that status in the root module of the routes by it",
    "handler403": "Django finds the view of that status in the root module of the routes by it",
    "handler404": "Django finds the view of that status in the root module of the routes by it",
    "handler500": "Django finds the view of that status in the root module of the routes by it",
    "filterset_class": "django-filter reads it from a view",
    "filterset_fields": "django-filter reads it from a view",
    "list_serializer_class": "REST framework reads it from a serializer",
    "USERNAME_FIELD": "Django's authentication reads it from the user model",
    "EMAIL_FIELD": "Django's authentication reads it from the user model",
    "do_GET": "http.server calls it on the handler of a request",
}


@dataclass(frozen=True)
class Place:
    """Where a name is defined: its module, and the path of names to it inside the module."""

    module: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.module, *self.path))

    @property
    def name(self) -> str:
        """The name itself."""
        return self.path[-1]

    def outer(self) -> Any:
        """What the name stands in: a class, a function or the module, which is imported."""
        found: Any = importlib.import_module(self.module)
        for name in self.path[:-1]:
            found = getattr(found, name, None)
        return found


def is_named(place: Place) -> bool:
    """A name that a framework looks for wherever it stands."""
    return place.name in NAMES or "Meta" in place.path[:-1]


def is_setting(place: Place) -> bool:
    """A setting of Django or of a library."""
    known = hasattr(global_settings, place.name) or place.name in DJANGO_SETTINGS
    return known or place.name.startswith(LIBRARY_SETTINGS)


def is_found_class(place: Place) -> bool:
    """A class that its framework finds by its base."""
    found = getattr(place.outer(), place.name, None)
    return inspect.isclass(found) and issubclass(found, FOUND_CLASSES)


def is_override(place: Place) -> bool:
    """An attribute that a base of its class in a library defines."""
    owner = place.outer()
    if not inspect.isclass(owner):
        return False
    roots = {name.partition(".")[0] for name in (owner.__module__, *settings.MARKET_APPLICATIONS)}
    foreign = [base for base in owner.__mro__[1:] if base.__module__.partition(".")[0] not in roots]
    return any(place.name in vars(base) for base in foreign)


def is_declared(place: Place) -> bool:
    """A column, a field of a serializer with its method, a filter, a member of an enumeration, an event's content."""
    owner = place.outer()
    if not inspect.isclass(owner):
        return False
    declared: set[str] = set()
    if issubclass(owner, Model):
        declared = columns(owner)
    elif issubclass(owner, BaseSerializer):
        fields = getattr(owner, "_declared_fields", {})
        methods = [field.method_name for field in fields.values() if isinstance(field, SerializerMethodField)]
        declared = {
            *fields,
            *(f"get_{name}" for name in fields),
            *methods,
            *(f"validate_{n}" for n in fields),
        }
    elif issubclass(owner, FilterSet):
        declared = set(owner.declared_filters)
    return place.name in declared or issubclass(owner, (enum.Enum, Event, Part))


def columns(model: type[Model]) -> set[str]:
    """The names of a model's fields."""
    return {field.name for field in model._meta.get_fields()}


@cache
def shown_names() -> frozenset[str]:
    """The attributes that our serializers read from what they show; every view is imported with its serializers."""
    importlib.import_module(settings.ROOT_URLCONF)
    waiting, sources = BaseSerializer.__subclasses__(), set()
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        fields = getattr(found, "_declared_fields", {})
        sources |= {field.source or name for name, field in fields.items()}
        listed = getattr(getattr(found, "Meta", None), "fields", ())
        sources |= set() if isinstance(listed, str) else set(listed)
    return frozenset(part for source in sources for part in source.split("."))


def is_shown(place: Place) -> bool:
    """An attribute of a class that a serializer shows."""
    return inspect.isclass(place.outer()) and place.name in shown_names()


def is_written_column(place: Place) -> bool:
    """An attribute set on a row: a column that the database keeps, whoever reads it."""
    return any(place.name in columns(model) for model in apps.get_models())


def is_route(place: Place) -> bool:
    """A method of a view that a route or an HTTP method calls."""
    owner = place.outer()
    return inspect.isclass(owner) and (
        hasattr(getattr(owner, place.name, None), "mapping")
        or (issubclass(owner, View) and place.name in ROUTED)
    )


def is_used_by_name(place: Place, *, kind: str) -> bool:
    """Whether a framework uses what stands at ``place``, or gives it to a method; ``kind`` is vulture's word for it."""
    if place.module.startswith("marketplace.settings."):
        return is_setting(place)
    if kind == "attribute":
        return is_written_column(place)
    if inspect.isfunction(place.outer()):
        return is_used_by_name(Place(place.module, place.path[:-1]), kind="function")
    rules = (is_named, is_found_class, is_override, is_declared, is_route, is_shown)
    return any(rule(place) for rule in rules)
