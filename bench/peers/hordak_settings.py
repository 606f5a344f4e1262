"""Settings of a Django project that has django-hordak and nothing else."""

import os

import dj_database_url

SECRET_KEY = "benchmark"  # noqa: S105  nothing is served
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"]
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DEFAULT_CURRENCY = "JPY"
CURRENCIES = ["JPY"]
HORDAK_DECIMAL_PLACES = 0
