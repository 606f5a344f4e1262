"""What applications are compared with: the registry of corporate numbers, and sanctions lists."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import DayField, MomentField
from marketplace.kernel.guards import immutable, no_delete, set_once
from marketplace.kernel.identifiers import IdentifierField

from ..states import ListedKind


class RegistrySnapshot(models.Model):
    """A file of the registry of corporate numbers (法人番号公表サイト) that the operator loaded.

    ``completed_at`` is null while it is being loaded, or where that was interrupted: loading the file again completes it.
    """

    public_id = IdentifierField(prefix="rgs")
    sha256 = models.CharField(max_length=64)
    entries = models.PositiveIntegerField(default=0)
    loaded_at = MomentField()
    completed_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256"], name="registry_snapshot_once"),
            models.CheckConstraint(
                condition=Q(completed_at=None) | Q(completed_at__gte=F("loaded_at"), entries__gt=0),
                name="registry_snapshot_complete",
            ),
        ]
        triggers = [immutable("public_id", "sha256", "loaded_at"), set_once("completed_at"), no_delete()]


class RegistryEntry(models.Model):
    """What the registry last published of a corporate number. ``snapshot`` is the file that said so.

    ``published_on`` is the registry's own date of the entry: a file never replaces a newer entry.
    """

    corporate_number = models.CharField(max_length=13, primary_key=True)
    snapshot = models.ForeignKey(RegistrySnapshot, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=300)
    address = models.CharField(max_length=700)
    published_on = DayField()
    closed_on = DayField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(corporate_number__regex=r"^[0-9]{13}$"), name="registry_entry_number"
            )
        ]
        triggers = [immutable("corporate_number")]


class ScreeningList(models.Model):
    """One version of a sanctions list that the operator loaded; the newest of each ``code`` counts."""

    public_id = IdentifierField(prefix="scl")
    code = models.SlugField(max_length=40)
    version = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    entries = models.PositiveIntegerField()
    loaded_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="screening_list_version_once"),
            models.CheckConstraint(condition=Q(entries__gt=0), name="screening_list_has_entries"),
        ]
        triggers = [
            immutable("public_id", "code", "version", "sha256", "entries", "loaded_at"),
            no_delete(),
        ]


class ScreeningEntry(models.Model):
    """One name of somebody on a sanctions list, in normal form (``names.normal_name``). ``reference`` is the list's own."""

    screening_list = models.ForeignKey(ScreeningList, on_delete=models.PROTECT, related_name="names")
    reference = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=ListedKind.choices)
    normal = models.CharField(max_length=300)
    born_on = DayField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["screening_list", "reference", "normal"], name="screening_entry_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ListedKind.values) & ~Q(normal=""), name="screening_entry_kind"
            ),
        ]
        indexes = [models.Index("normal", name="screening_entry_name")]
        triggers = [
            immutable("screening_list_id", "reference", "kind", "normal", "born_on"),
            no_delete(),
        ]
