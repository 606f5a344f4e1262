"""What every table of oversight must satisfy; each room says the rest of its own."""

from __future__ import annotations

from marketplace.kernel.invariants import declare_readable

declare_readable("oversight")
