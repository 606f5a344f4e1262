"""The figures of rules that everybody may read."""

from __future__ import annotations

from functools import partial

from marketplace.api.figures import Figures

from .queries import neutrality

REPLAYED_MAX = 200

NEUTRALITY = Figures("neutrality", partial(neutrality, replayed_max=REPLAYED_MAX))
