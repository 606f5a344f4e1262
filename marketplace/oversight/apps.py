"""Application configuration of oversight."""

from django.apps import AppConfig

from marketplace.kernel.discovery import import_declarations


class OversightConfig(AppConfig):
    """Registers of incidents, consultations, reviews and legal holds, and the records of participants' activity."""

    name = "marketplace.oversight"
    label = "oversight"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Learn what is a participant's, and what leaves after which time."""
        import_declarations("activity", "retention")
