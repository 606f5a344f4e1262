"""Errors of neutrality bundles and counterfactuals."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class PeriodInvalid(DomainError):
    """A period cannot be covered. Fields: ``first_day``, ``last_day``, ``days_max``."""

    code = "period_invalid"
    field = "last_day"
    detail = Label(
        "The period from {first_day} to {last_day} cannot be used: state 1 to {days_max} days that are over.",
        "{first_day}から{last_day}までの期間は指定できません。終了した1～{days_max}日間を指定してください。",
    )


class PeriodCovered(DomainError):
    """Another bundle covers a part of the period. Fields: ``bundle``."""

    code = "period_covered"
    category = Category.CONFLICT
    field = "first_day"
    detail = Label(
        "The bundle {bundle} covers a part of these days. State days that no bundle covers.",
        "この期間の一部は {bundle} に含まれています。どの記録束にも含まれない期間を指定してください。",
    )


class BundleNotMade(DomainError):
    """The files of a bundle are not made yet. Fields: ``bundle``."""

    code = "bundle_not_made"
    category = Category.CONFLICT
    detail = Label(
        "The files of {bundle} are being made. Try again in some minutes.",
        "{bundle} のファイルは作成中です。数分後に再度お試しください。",
    )


class TooManyCounterfactuals(DomainError):
    """Many counterfactuals wait to be made. Fields: ``waiting_max``."""

    code = "too_many_counterfactuals"
    category = Category.CONFLICT
    detail = Label(
        "{waiting_max} counterfactuals that were asked for within a day are not made yet. Wait until some are.",
        "1日以内に依頼された再判定が{waiting_max}件、まだ完了していません。完了してから依頼してください。",
    )


class SameOrganisation(DomainError):
    """A counterfactual takes two organisations. Fields: ``organisation``."""

    code = "same_organisation"
    field = "second"
    detail = Label(
        "{organisation} cannot be swapped with itself. State two organisations.",
        "{organisation} 同士を入れ替えることはできません。異なる二つの組織を指定してください。",
    )
