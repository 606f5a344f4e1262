"""Production settings: nothing that matters has a default, and Django's own deployment checks are content."""

import os
import subprocess
import sys

import pytest

from marketplace.runtime.layout import PROJECT

COMPLETE = {
    "SECRET_KEY": "k7Hq2vXn-0aZs8LwPc4RtY6uJmEbG1dFoN5iTxB3CyVpWgKjD9e",
    "DATABASE_URL": "postgresql://sanpo_app:p@127.0.0.1:1/sanpo",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "ALLOWED_HOSTS": "market.example",
    "SANPO_BASE_URL": "https://market.example",
    "MARKET_SIGNING_KEY": "{}",
    "DOCUMENT_SIGNING_KEY": "document.key",
    "DOCUMENT_SIGNING_CERTIFICATES": "document.pem",
    "EMAIL_URL": "smtp+tls://user:password@mail.example:587",
}


def production(program: list[str], without: str = "", **further: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in (COMPLETE | further).items() if name != without}
    kept = {name: value for name, value in os.environ.items() if name not in COMPLETE}
    return subprocess.run(
        [sys.executable, *program],
        cwd=PROJECT,
        env={**kept, **variables, "DJANGO_SETTINGS_MODULE": "marketplace.settings.production"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_production_does_not_start_without_a_value(name: str) -> None:
    result = production(["-c", "import marketplace.settings.production"], without=name)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        f"django.core.exceptions.ImproperlyConfigured: Set the {name} environment variable"
    )


def test_production_keeps_the_clock_still_and_leaves_the_demo_market_out() -> None:
    program = "from django.conf import settings as s; print(s.CLOCK_MOVABLE, s.DEBUG, 'fixtures' in s.INSTALLED_APPS)"
    assert production(["-c", program]).stdout == "False False False\n"


def test_production_passes_the_deployment_checks_of_security() -> None:
    result = production(["manage.py", "check", "--deploy", "--tag", "security", "--fail-level", "WARNING"])
    assert result.returncode == 0, result.stderr


def test_earlier_secret_keys_are_named_in_the_environment() -> None:
    program = ["-c", "from django.conf import settings; print(settings.SECRET_KEY_FALLBACKS)"]
    assert production(program).stdout == "[]\n"
    assert production(program, SECRET_KEY_FALLBACKS="older,oldest").stdout == "['older', 'oldest']\n"
