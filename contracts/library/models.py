"""Clauses of the library, and the templates made of them."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from listings.models import ListingVersion
from marketplace.kernel.columns import BilingualTextField, BoundedJSONField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from ..clauses import CODE_LENGTH_MAX
from ..disputing.models import ACTOR_LENGTH_MAX
from ..states import ContractType
from .guards import free_as_open, gapless_versions, made_of_clauses, published_by_two

SHA256 = r"^[0-9a-f]{64}$"


class Clause(models.Model):
    """A published version of a clause, which templates and special clauses are made of.

    ``heading`` and ``text`` are ``{"ja", "en"}``, with places (``contracts.clauses``); ``parameters`` the declarations of
    ``library.parameters``; ``requires`` and ``excludes`` codes of other clauses; ``demands`` what it demands of the terms
    (``library.demands``); ``survives``: whether it binds after the end of the contract. Invariants: versions of a code are unique and
    consecutive; a published clause never changes; two people published it, or it came with the market.
    """

    public_id = IdentifierField(prefix="cls")
    code = models.CharField(max_length=CODE_LENGTH_MAX)
    version = models.PositiveSmallIntegerField()
    heading = BilingualTextField()
    text = BilingualTextField()
    parameters = BoundedJSONField()
    requires = ArrayField(models.CharField(max_length=CODE_LENGTH_MAX))
    excludes = ArrayField(models.CharField(max_length=CODE_LENGTH_MAX))
    demands = BoundedJSONField()
    survives = models.BooleanField()
    digest = models.CharField(max_length=64)
    first_person = models.CharField(max_length=ACTOR_LENGTH_MAX, blank=True, default="", db_default="")
    published_by = models.CharField(max_length=ACTOR_LENGTH_MAX)
    published_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="clause_version_once"),
            models.CheckConstraint(condition=Q(digest__regex=SHA256), name="clause_digest"),
        ]
        triggers = [append_only(), dated_now("published_at"), gapless_versions(), published_by_two()]

    def __str__(self) -> str:
        """Code and version."""
        return f"{self.code} {self.version}"


class Template(models.Model):
    """A published contract template: clauses of the library in an order, with the values of their parameters.

    ``title`` is ``{"ja", "en"}``; ``clauses`` a list of numbered entries (``library.composition``), ``clause_codes`` their codes and
    ``demands`` all that they demand of the terms. ``segments``: where offers may name it (codes; empty for everywhere). ``retired``: with
    this version it is in force no more. Invariants: versions of a code are unique and consecutive; a published template never changes;
    it is made of published clauses that may stand together; two people published it, or it came with the market.
    """

    public_id = IdentifierField(prefix="tpl")
    code = models.CharField(max_length=CODE_LENGTH_MAX)
    version = models.PositiveSmallIntegerField()
    contract_type = models.CharField(max_length=20, choices=ContractType.choices)
    title = BilingualTextField()
    clauses = BoundedJSONField()
    clause_codes = BoundedJSONField(default=list)
    demands = BoundedJSONField(default=list)
    segments = BoundedJSONField(default=list)
    retired = models.BooleanField(default=False, db_default=False)
    digest = models.CharField(max_length=64)
    first_person = models.CharField(max_length=ACTOR_LENGTH_MAX, blank=True, default="", db_default="")
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
        triggers = [
            append_only(),
            dated_now("published_at"),
            gapless_versions(),
            published_by_two(),
            made_of_clauses(),
        ]

    def __str__(self) -> str:
        """Code and version."""
        return f"{self.code} {self.version}"


pgtrigger.register(free_as_open())(ListingVersion)
