"""The check for dead code finds what is planted, and tells it from what a framework uses by name."""

from __future__ import annotations

import pytest

from tests.tidy.dead_code import KEPT_FILE, PRODUCTION, PROJECT, dead_code

PLANTED = {
    "planted/__init__.py": "from .work import offered\n__all__ = ['offered']",
    "planted/work.py": """
from dataclasses import dataclass
from django.core.management import BaseCommand
from rest_framework import serializers
from rest_framework.views import APIView

def used(): ...
def dead(): ...
def offered(): ...
def tried(): ...
def on_event(): ...

class Tool:
    strength = 1
    def act(self):
        self.last = used()
    def rest(self): ...

@dataclass
class Shown:
    weight: int
    height: int
    colour: str

class ShownSerializer(serializers.Serializer):
    weight = serializers.IntegerField()
    label = serializers.SerializerMethodField()
    def get_label(self, shown): ...
    def get_nothing(self, shown): return shown

class Page(APIView):
    permission_classes = []
    permission_class = None
    def get(self, request): ...

class Command(BaseCommand):
    def handle(self, **options): ...
""",
    "planted/settings.py": """
from .work import Page, Shown, ShownSerializer, Tool
HANDLERS = ["planted.work.on_event"]
print(Tool().act(), Shown(1, 2, "red"), ShownSerializer(), Page.as_view(), HANDLERS)
""",
    "planted/templates/page.html": "<p>colour</p> {% if shown.height %}",
    "trials/trial.py": "from planted.work import tried\ntried()",
}


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A project of one application with tests, where some code is dead."""
    for name, text in PLANTED.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def find(root, **kept):
    """The findings in the planted project, as ``name: whether its tests use it``."""
    found = dead_code(root, production=["planted"], elsewhere=["trials"], kept=kept.get("kept", {}))
    return {finding.place: finding.used_elsewhere for finding in found}


def test_planted_dead_code_is_found(planted):
    assert find(planted) == {
        "planted.work.dead": False,
        "planted.work.offered": False,
        "planted.work.tried": True,
        "planted.work.Tool.strength": False,
        "planted.work.Tool.act.last": False,
        "planted.work.Tool.rest": False,
        "planted.work.Shown.colour": False,
        "planted.work.ShownSerializer.get_nothing": False,
        "planted.work.Page.permission_class": False,
    }


def test_kept_code_is_no_finding_and_an_entry_that_keeps_nothing_is_one(planted):
    kept = {"planted.work.dead": "a reason", "planted.work.used": "none, for it is used"}
    found = dead_code(planted, production=["planted"], elsewhere=["trials"], kept=kept)
    assert "planted.work.dead" not in {finding.place for finding in found}
    assert [str(finding) for finding in found if finding.path == KEPT_FILE] == [
        "tests/tidy/kept_code.py: remove planted.work.used: it is gone, or production uses it"
    ]


def test_every_application_is_read():
    folders = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    assert folders - {*PRODUCTION, "tests", "bench"} == set()
