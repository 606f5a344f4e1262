"""Application configuration of documents."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Renders the documents of other applications; has no tables."""

    name = "marketplace.documents"
    label = "documents"
    default_auto_field = "django.db.models.BigAutoField"
