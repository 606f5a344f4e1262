"""Application configuration of registration."""

from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    """Applications for registration, the lists they are screened against, and screenings."""

    name = "marketplace.registration"
    label = "registration"
    default_auto_field = "django.db.models.BigAutoField"
