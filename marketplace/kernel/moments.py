"""Moments that a row states: they are the clock's, within one bound. Pure.

A row that says when it was recorded or decided says so truthfully: the database compares the moment with its own clock,
real or business time (``kernel_clock``), when the row is written. The SQL functions are made by the first migration.
"""

from __future__ import annotations

LATE_SECONDS_MAX = 300
"""The bound: by so many seconds a moment may differ from the database's clock.

It covers a transaction between reading the clock and writing the row (``limits``), and clocks of several machines that
differ. A business clock that was moved so recently counts as it was before too.
"""
