"""Tests: the tests' own servers, databases that are made and dropped, nothing shared between two runs.

Tests act as the application's role; ``tests/roles.py`` says how, and how one acts as the owner.
"""

import os
from urllib.parse import unquote, urlsplit

from marketplace.runtime.facts import read_facts
from marketplace.runtime.layout import VAR, prepare_var

prepare_var()
_facts = read_facts(VAR / "test")
if _facts is not None:
    # The owner makes the databases. Tests log in as it and act as the application's role.
    os.environ.setdefault("DATABASE_URL", _facts.database_owner_url)
    os.environ.setdefault("REDIS_URL", _facts.redis_url)
os.environ.setdefault("SECRET_KEY", "for-tests-only-and-long-enough-to-be-accepted")
# Two runs at once, and the worker processes of one, each have names of their own; children inherit it.
os.environ.setdefault("TEST_DATABASE_SUFFIX", str(os.getpid()))
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(VAR / "cache" / "hypothesis"))

from marketplace.settings.background import CELERY_BROKER_TRANSPORT_OPTIONS  # noqa: E402
from marketplace.settings.base import *  # noqa: E402, F403
from marketplace.settings.base import ACCOUNT_RATE_LIMITS, CACHES, DATABASES, PASSWORD_HASHERS, RATES  # noqa: E402

CLOCK_MOVABLE = True
WEBHOOKS_LOCAL = True
MONITOR_TRUSTS_LOOPBACK = True
ALLOWED_HOSTS = ["*"]
TEST_SUFFIX = os.environ["TEST_DATABASE_SUFFIX"]
_login = urlsplit(_facts.database_url if _facts else os.environ["DATABASE_URL"])
APPLICATION_ROLE = os.environ.get("APPLICATION_ROLE") or (_login.username if _facts else "sanpo_app")
# Processes that tests start log in with it, as those of production do.
DATABASES["default"]["APPLICATION_LOGIN"] = {
    "USER": _login.username,
    "PASSWORD": unquote(_login.password or ""),
}
if DATABASES["default"]["USER"] != APPLICATION_ROLE:
    DATABASES["default"]["OPTIONS"]["assume_role"] = APPLICATION_ROLE
    # Limits belong to who logs in, and the owner has none: a test that blocks must end too.
    DATABASES["default"]["OPTIONS"]["options"] = (
        "-c idle_in_transaction_session_timeout=60s -c lock_timeout=60s"
    )
DATABASES["default"]["TEST"] = {"NAME": f"test_{TEST_SUFFIX}"}

_run = f"{TEST_SUFFIX}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
CACHES["default"]["KEY_PREFIX"] = f"test_{_run}"
# A test sees what it has just changed.
CACHES["documents"] = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
# All tests come from one address, in a moment; those of the limits set their own.
RATES = dict.fromkeys(RATES, "1000000/min")
ACCOUNT_RATE_LIMITS = ACCOUNT_RATE_LIMITS | dict.fromkeys(("login", "reset_password"), "1000000/m/ip")
CELERY_BROKER_TRANSPORT_OPTIONS = {**CELERY_BROKER_TRANSPORT_OPTIONS, "global_keyprefix": f"test_{_run}:"}

STORAGE_DIRECTORY = VAR / "test" / "storage" / _run
SIGNING_KEY_FILE = VAR / "test" / "keys" / "market.jwk"
DOCUMENT_SIGNING_FILE = VAR / "test" / "keys" / "documents.pem"
DEMO_KEY_FILE = VAR / "test" / "keys" / "logins.key"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Fast and unsafe: the passwords of tests protect nothing.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS[1:]]
