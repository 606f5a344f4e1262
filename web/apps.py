"""Application configuration of the pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages, their texts, style and icon."""

    name = "web"
    label = "web"
