"""Application configuration of documents."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Renders the documents of other applications and keeps the large ones."""

    name = "marketplace.documents"
    label = "documents"
    default_auto_field = "django.db.models.BigAutoField"
