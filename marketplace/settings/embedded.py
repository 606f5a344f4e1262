"""One machine, with the embedded servers or those that the environment names; for trying the market out."""

import os

from marketplace.runtime.facts import read_facts, read_secrets
from marketplace.runtime.layout import VAR, prepare_var

prepare_var()
_facts = read_facts(VAR)
if _facts is not None:
    os.environ.setdefault("DATABASE_URL", _facts.database_url)
    os.environ.setdefault("REDIS_URL", _facts.redis_url)
    if _facts.base_url:
        os.environ.setdefault("SANPO_BASE_URL", _facts.base_url)
    if _facts.downloads_url:
        os.environ.setdefault("SANPO_DOWNLOADS_URL", _facts.downloads_url)
if "SECRET_KEY" not in os.environ:
    os.environ["SECRET_KEY"] = read_secrets(VAR)["secret_key"]

from marketplace.settings.base import *  # noqa: E402, F403
from marketplace.settings.base import ACCOUNT_RATE_LIMITS, RATES, env  # noqa: E402

CLOCK_MOVABLE = True
if "EMAIL_URL" in os.environ:
    # A mail server of one's own; without one, mail is written into files under `var/mail`.
    vars().update(env.email_url("EMAIL_URL"))
WEBHOOKS_LOCAL = True
# All people and programs of a market that is tried out come from one address.
RATES = {
    **RATES,
    "anonymous": RATES["participant"],
    "token": RATES["participant"],
    "login": RATES["participant"],
}
ACCOUNT_RATE_LIMITS = {**ACCOUNT_RATE_LIMITS, "login": "6000/m/ip"}
MONITOR_TRUSTS_LOOPBACK = True
# Static files are served from where the packages keep them; nothing needs to be collected first.
WHITENOISE_USE_FINDERS = True
