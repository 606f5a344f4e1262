"""Settings of the campaign's workers: the tests' own, with only the handlers of the money path subscribed."""

from marketplace.settings.subscriptions import EVENT_SUBSCRIPTIONS as ALL_SUBSCRIPTIONS
from marketplace.settings.test import *  # noqa: F403

# The campaign's agreements are made for it, and known to clearing alone.
EVENT_SUBSCRIPTIONS = {
    event: mine
    for event, handlers in ALL_SUBSCRIPTIONS.items()
    if (mine := tuple(name for name in handlers if name.startswith("clearing.handlers.")))
}
