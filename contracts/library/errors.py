"""Errors of the clause library."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class TemplateNotInForce(DomainError):
    """No contract begins with this template any more, or in this segment. Fields: ``template, segment``."""

    code = "template_not_in_force"
    category = Category.CONFLICT
    detail = Label(
        "No contract begins with the template {template} in {segment} now: the seller must offer the data with another.",
        "分野 {segment} では、ひな形 {template} による契約は現在締結できません。提供者が別のひな形で出品する必要があります。",
    )
