"""The fifteen characteristics of data quality (ISO/IEC 25012; Digital Agency guidebook DS-468-1)."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class Characteristic(TextChoices):
    """A characteristic of data quality."""

    ACCURACY = "accuracy", Label("accuracy", "正確性")
    COMPLETENESS = "completeness", Label("completeness", "完全性")
    CONSISTENCY = "consistency", Label("consistency", "一貫性")
    CREDIBILITY = "credibility", Label("credibility", "信憑性")
    CURRENTNESS = "currentness", Label("currentness", "最新性")
    ACCESSIBILITY = "accessibility", Label("accessibility", "アクセシビリティ")
    COMPLIANCE = "compliance", Label("compliance", "標準適合性")
    CONFIDENTIALITY = "confidentiality", Label("confidentiality", "機密性")
    EFFICIENCY = "efficiency", Label("efficiency", "効率性")
    PRECISION = "precision", Label("precision", "精度")
    TRACEABILITY = "traceability", Label("traceability", "追跡可能性")
    UNDERSTANDABILITY = "understandability", Label("understandability", "理解性")
    AVAILABILITY = "availability", Label("availability", "可用性")
    PORTABILITY = "portability", Label("portability", "移植性")
    RECOVERABILITY = "recoverability", Label("recoverability", "回復性")
