"""The guard of the evidence log's witnesses, which its floor cannot declare."""

from __future__ import annotations

import pgtrigger

from marketplace.evidence.models import Witness

from ..witness_guards import witness_by_right

pgtrigger.register(witness_by_right())(Witness)
