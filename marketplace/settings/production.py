"""An operator's own servers behind HTTPS. What is missing from the environment stops the start."""

from urllib.parse import urlsplit

import environ

from marketplace.runtime.layout import VAR
from marketplace.settings.base import *  # noqa: F403
from marketplace.settings.base import INSTALLED_APPS, OAUTH2_PROVIDER
from marketplace.settings.monitoring import logging_to_stderr

env = environ.Env()

DEBUG = False
LOGGING = logging_to_stderr(env.str("LOG_FORMAT", default="json"))
CLOCK_MOVABLE = False
DAILY_COMMANDS = ("archive_old_rows", "check_invariants")
WEBHOOKS_LOCAL = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
BASE_URL = env.str("SANPO_BASE_URL")
EVIDENCE_ORIGIN = env.str("EVIDENCE_ORIGIN", default=f"{urlsplit(BASE_URL).hostname}/log")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
MARKET_SIGNING_KEY = env.str("MARKET_SIGNING_KEY")
DOCUMENT_SIGNING_KEY = env.str("DOCUMENT_SIGNING_KEY")
DOCUMENT_SIGNING_CERTIFICATES = env.str("DOCUMENT_SIGNING_CERTIFICATES")

# The demo market has no place beside real money.
INSTALLED_APPS = [name for name in INSTALLED_APPS if name != "fixtures"]

OAUTH2_PROVIDER = {**OAUTH2_PROVIDER, "ALLOWED_REDIRECT_URI_SCHEMES": ["https"]}

# The proxy in front terminates TLS and must set this header itself, replacing what a client sent.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

# `collectstatic` gathers the packages' files here, once an image.
STATIC_ROOT = VAR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

vars().update(env.email_url("EMAIL_URL"))
