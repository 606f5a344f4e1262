"""What a process that serves loads before its first request."""

import gc
import sys

from marketplace.serving.application import load_for_good


def test_routes_are_loaded_and_left_out_by_the_collector():
    assert gc.get_freeze_count() == 0
    try:
        load_for_good(None)
        assert gc.get_freeze_count() > 100_000
        assert "listings.views" in sys.modules
    finally:
        gc.unfreeze()
