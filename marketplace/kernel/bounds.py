"""The ceilings of counts, times and rates that anybody states, beside those of amounts (``kernel.amounts``). Pure.

The API, the services and the columns of the database hold them; a rulebook may state less. docs/api/README.md publishes
them.
"""

from __future__ import annotations

COUNT_MAX = 1_000_000_000
"""The largest count that anybody states: of uses, rows or people."""

RATE_BP_MAX = 10_000
"""The highest rate of a tax, a fee or a share, in basis points: the whole."""

DAYS_MAX = 3_660
"""The longest time in days, where none of the following applies: ten years."""

FUNDING_DAYS_MAX = 30
"""The longest time in which a buyer may pay, in business days."""

INSPECTION_DAYS_MAX = 60
"""The longest time for the inspection of data, in business days."""

IDLE_DAYS_MAX = 365
"""The longest time after which idle money goes back, in calendar days."""

VALUE_DAYS_MAX = 30
"""The longest way of a payment from its transfer file to its value date, in business days."""

YEAR_MIN, YEAR_MAX = 1900, 2199
"""The years of a day or a moment that anybody states, so that every zone and every term counted from it has a date."""

HOURS_MAX = 8_784
"""The longest time in hours: a year."""

MINUTES_MAX = 60 * HOURS_MAX
"""The longest time in minutes: a year."""

OVERDUE_MINUTES_MAX = 7 * 24 * 60
"""The longest time that a cycle's steps may take before an alarm, in minutes."""

MONTHS_MAX = 120
"""The longest period of a charge, in months: ten years."""

TERM_MONTHS_MAX = 1_200
"""The longest time over which all charges of an agreement fall, in months: a hundred years."""

INTEGER_MAX = 2**53 - 1
"""The largest whole number in JSON: integers beyond it have no canonical form (RFC 8785 section 3.2.2.3)."""

JSON_BYTES_MAX = 1_048_576
"""The longest JSON value that a row of the pipe holds, as text."""

JSON_DEPTH_MAX = 32
"""The deepest nesting of a JSON value."""

ATTEMPTS_CEILING = 1_000
"""The most attempts that a row counts; every loop gives up long before."""

CHARGES_MAX = 1_000
"""The most charges of one agreement."""

CUT_OFFS_A_DAY_MAX = 24
"""The most cut-offs of a day."""
