"""Published contract templates."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.columns import BilingualTextField, BoundedJSONField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from .dispute_models import ACTOR_LENGTH_MAX
from .states import ContractType

SHA256 = r"^[0-9a-f]{64}$"
TEMPLATE_CODE_LENGTH_MAX = 60


class Template(models.Model):
    """A published contract template: numbered clauses in both languages, with placeholders for the agreed terms.

    ``title`` is ``{"ja", "en"}``; ``clauses`` a list of ``{"number", "heading", "text"}``. Invariants: versions of a
    code are unique and consecutive; a published template never changes.
    """

    public_id = IdentifierField(prefix="tpl")
    code = models.CharField(max_length=TEMPLATE_CODE_LENGTH_MAX)
    version = models.PositiveSmallIntegerField()
    contract_type = models.CharField(max_length=20, choices=ContractType.choices)
    title = BilingualTextField()
    clauses = BoundedJSONField()
    digest = models.CharField(max_length=64)
    published_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    published_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="template_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="template_from_one"),
            models.CheckConstraint(condition=Q(digest__regex=SHA256), name="template_digest"),
            models.CheckConstraint(
                condition=Q(contract_type__in=ContractType.values), name="template_contract_type"
            ),
        ]
        triggers = [append_only(), dated_now("published_at")]

    def __str__(self) -> str:
        """Code and version."""
        return f"{self.code} {self.version}"
