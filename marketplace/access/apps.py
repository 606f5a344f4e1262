"""Application configuration of access."""

from django.apps import AppConfig
from django.core.checks import register


class AccessConfig(AppConfig):
    """Accesses of the operator's staff to participants' own affairs."""

    name = "marketplace.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let no route show participants' affairs to staff that the table does not class."""
        from .checks import check_affairs  # deferred: loaded applications

        register(check_affairs)
