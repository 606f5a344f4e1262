"""Application configuration of participants."""

from django.apps import AppConfig


class ParticipantsConfig(AppConfig):
    """Organisations, people, memberships, segments, admissions, access tokens."""

    name = "marketplace.participants"
    label = "participants"
    default_auto_field = "django.db.models.BigAutoField"
