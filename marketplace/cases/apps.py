"""Application configuration of cases."""

from django.apps import AppConfig

from marketplace.kernel.discovery import import_declarations


class CasesConfig(AppConfig):
    """The queue of held cases, and appeals."""

    name = "marketplace.cases"
    label = "cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import every ``case_kinds``, so that each kind of case knows who carries it out."""
        import_declarations("case_kinds")
