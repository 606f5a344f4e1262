"""Settings of the chaos test's processes: the tests' own, with a handler that stalls and a job that kills its worker."""

from marketplace.settings.subscriptions import EVENT_SUBSCRIPTIONS as ALL_SUBSCRIPTIONS
from marketplace.settings.test import *  # noqa: F403
from marketplace.settings.test import INSTALLED_APPS, MARKET_APPLICATIONS

CHAOS = "tests.faults.chaos"
INSTALLED_APPS = [*INSTALLED_APPS, CHAOS]
MARKET_APPLICATIONS = [*MARKET_APPLICATIONS, CHAOS]
EVENT_SUBSCRIPTIONS = {
    **ALL_SUBSCRIPTIONS,
    "organisation.registered": (
        *ALL_SUBSCRIPTIONS.get("organisation.registered", ()),
        f"{CHAOS}.handlers.on_organisation_registered",
    ),
}
