"""What was measured of a version of a listing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.guards import append_only
from marketplace.kernel.identifiers import IdentifierField

from .states import Characteristic


class Profile(models.Model):
    """What the market's programs found in the files of a version: shape, columns, defects, traces of personal data.

    ``files`` holds one object a file (see ``quality.profiling.FileProfile.as_dict``); it carries counts, shares and
    names of columns, never a value that could tell of a person. ``personal_data`` are findings in the same manner.
    ``row_count`` counts the data rows of all files. ``tabular`` says whether every file could be read as a table.
    Invariant: a version is measured once before it is judged, and what was found never changes.
    """

    public_id = IdentifierField(prefix="prf")
    listing_version = models.OneToOneField(
        "listings.ListingVersion",
        to_field="public_id",
        db_column="listing_version",
        on_delete=models.PROTECT,
        related_name="+",
    )
    measured_at = models.DateTimeField()
    tabular = models.BooleanField()
    row_count = models.BigIntegerField()
    files = models.JSONField()
    personal_data = models.JSONField()
    k_anonymity = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(row_count__gte=0), name="profile_row_count")]
        triggers = [append_only()]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class Measurement(models.Model):
    """One characteristic of quality as a share between 0 (worst) and 1, with the formula that gave it.

    Invariant: one value a characteristic and profile, within 0 and 1, never changed.
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
        """How the value came about, in both languages."""
        return {"ja": self.formula_ja, "en": self.formula_en}
