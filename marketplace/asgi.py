"""The applications that ``python -m marketplace.serving`` serves, wired by name only."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.embedded")
django.setup()

from marketplace.serving.application import ThreadedApplication  # noqa: E402  after the applications are loaded

web = ThreadedApplication()
downloads = ThreadedApplication(
    urlconf="marketplace.downloads_urls",
    upload_routes={},
    periodic=[("delivery.services.record_progress", 5.0)],
)
