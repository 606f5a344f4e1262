"""What a process that serves loads before its first request."""

import gc
import sys

from marketplace.serving.application import load_for_good


def test_routes_are_loaded_and_left_out_by_the_collector():
    gc.unfreeze()
    assert gc.get_freeze_count() == 0
    load_for_good(None)
    assert gc.get_freeze_count() > 100_000
    assert "listings.views" in sys.modules
