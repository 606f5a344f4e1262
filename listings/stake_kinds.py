"""What interest a third party has in a dataset, and who stated it. Pure."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class StakeKind(TextChoices):
    """The interest of somebody who is not the seller in the data of a listing."""

    LICENSOR = "licensor", Label("licensed the data to the seller", "データの許諾者")
    DATA_SUBJECTS = "subjects", Label("speaks for the persons in the data", "本人の代表")
    CO_OWNER = "co_owner", Label("holds rights in the data together with the seller", "共同権利者")
    FUNDER = "funder", Label("paid for the data under terms", "資金提供者")


class StakeSource(TextChoices):
    """Who stated an interest."""

    DECLARED = "declared", Label("the seller declared it", "提供者による届出")
    CLAIMED = "claimed", Label("the third party stated it to the operator", "第三者から運営者への申出")
