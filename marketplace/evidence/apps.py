"""Application configuration of evidence."""

from django.apps import AppConfig

from marketplace.kernel.discovery import import_declarations


class EvidenceConfig(AppConfig):
    """The evidence log of the market; knows what applications declare in ``recorded_rows.py`` and ``record_parties.py``."""

    name = "marketplace.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import which evidence every application's rows have, and whose it is."""
        import_declarations("recorded_rows", "record_parties")
