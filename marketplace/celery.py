"""The Celery application: background work of every installed application, found by name.

Settings come from DJANGO_SETTINGS_MODULE, as for every other process of the market.
"""

from celery import Celery

app = Celery("marketplace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
