"""Quality profiles and measurements."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from .states import Characteristic


class Profile(models.Model):
    """The profile of a version's files: shape, columns, issues and traces of personal data.

    ``files`` has one object per file (see ``quality.profiling.FileProfile.as_dict``) with counts, shares and column
    names, never a value that could identify a person. ``personal_data`` has the findings, in the same way.
    ``row_count`` counts the data rows of all files. ``tabular``: whether every file could be read as a table.
    Invariant: a version is measured once, before its decision, and a profile never changes.
    """

    public_id = IdentifierField(prefix="prf")
    listing_version = models.OneToOneField(
        "listings.ListingVersion",
        to_field="public_id",
        db_column="listing_version",
        on_delete=models.PROTECT,
        related_name="+",
    )
    measured_at = MomentField()
    tabular = models.BooleanField()
    row_count = models.BigIntegerField()
    files = models.JSONField()
    personal_data = models.JSONField()
    k_anonymity = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(row_count__gte=0), name="profile_row_count")]
        triggers = [append_only(), dated_now("measured_at")]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class Measurement(models.Model):
    """The value of one quality characteristic, between 0 (worst) and 1, with its formula.

    Invariant: one value per characteristic and profile, between 0 and 1, never changed.
    """

    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, related_name="measurements")
    characteristic = models.CharField(max_length=20, choices=Characteristic.choices)
    value = models.DecimalField(max_digits=5, decimal_places=4)
    unit = models.CharField(max_length=20, default="share")
    formula_ja = models.TextField()
    formula_en = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "characteristic"], name="measurement_once"),
            models.CheckConstraint(condition=Q(value__gte=0, value__lte=1), name="measurement_share"),
            models.CheckConstraint(
                condition=Q(characteristic__in=Characteristic.values), name="measurement_known"
            ),
        ]
        triggers = [append_only()]

    @property
    def formula(self) -> dict[str, str]:
        """The formula of the value, in both languages."""
        return {"ja": self.formula_ja, "en": self.formula_en}
