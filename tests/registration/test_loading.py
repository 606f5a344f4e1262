"""The operator loads the registry and sanctions lists by commands, again without harm."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from marketplace.evidence.models import EvidenceRecord
from marketplace.registration import services
from marketplace.registration.models import RegistryEntry, RegistrySnapshot, ScreeningEntry, ScreeningList
from marketplace.registration.published_files import PublishedEntry

from .test_published_files import line

pytestmark = pytest.mark.django_db

HEADER = "reference,kind,names,born_on\n"


def command(*arguments: object) -> str:
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def test_a_registry_is_loaded_once(tmp_path):
    file = tmp_path / "registry.csv"
    file.write_text("\n".join([line(), line(number="7999901000001", name="別法人")]), "utf-8")
    assert "2 entries" in command("load_registry", file)
    assert "2 entries" in command("load_registry", file)
    assert sorted(RegistryEntry.objects.values_list("corporate_number", "name")) == [
        ("5835678256246", "讃岐データ株式会社"),
        ("7999901000001", "別法人"),
    ]
    assert EvidenceRecord.objects.filter(kind="registration.registry_loaded").count() == 1


def test_a_broken_registry_is_not_complete(tmp_path):
    file = tmp_path / "registry.csv"
    file.write_text(f"{line()}\nbroken\n", "utf-8")
    with pytest.raises(CommandError, match="line 2"):
        command("load_registry", file)
    assert RegistrySnapshot.objects.get().completed_at is None


def test_an_older_file_does_not_replace_newer_entries():
    def entry(name: str, day: date) -> PublishedEntry:
        return PublishedEntry("5835678256246", name, "高松市", day, None)

    services.load_registry(
        sha256="1" * 64, entries=[entry("新", date(2025, 4, 1)), entry("古", date(2024, 4, 1))]
    )
    services.load_registry(sha256="2" * 64, entries=[entry("古", date(2024, 4, 1))])
    assert RegistryEntry.objects.get().name == "新"


def test_a_list_is_loaded_by_version(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(f"{HEADER}S-1,person,Ivan Petrov;Ivan Petroff,1960\n", "utf-8-sig")
    assert "2 names of mof 2026-11-01" in command("load_screening_list", "mof", "2026-11-01", file)
    assert "2 names" in command("load_screening_list", "mof", "2026-11-01", file)
    assert (ScreeningList.objects.count(), ScreeningEntry.objects.count()) == (1, 2)


@pytest.mark.parametrize("content", [HEADER, f"{HEADER}S-1,ship,X,\n", "\udcff"])
def test_a_list_without_entries_or_with_broken_ones_is_refused(tmp_path, content):
    file = tmp_path / "list.csv"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(CommandError):
        command("load_screening_list", "mof", "1", file)
    assert ScreeningList.objects.count() == 0
