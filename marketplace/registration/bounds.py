"""What one application, one address and one mail address may have. Pure."""

from __future__ import annotations

from datetime import timedelta

DOCUMENTS_MAX = 10
"""Supporting documents of one application."""

DOCUMENT_BYTES_MAX = 5 << 20
"""The largest supporting document: 5 MiB."""

OWNERS_MAX = 20
"""Beneficial owners of one application; at most four own a quarter, the others control."""

OWNERSHIP_BP_MIN = 2_500
"""The part from which an owner is stated, in basis points: a quarter."""

DRAFTS_PER_ADDRESS_MAX = 20
"""Applications of one client address that are being prepared."""

OPEN_PER_EMAIL_MAX = 3
"""Applications of one client address with one mail address that are not decided; nobody is written to about a further one."""

OPEN_PER_EMAIL_ANYWHERE_MAX = 10
"""The same of all client addresses: more than of one, so that a stranger does not keep the mail address's owner out."""

CODES_MAX = 5
"""Codes that are sent for one application."""

WRONG_CODES_MAX = 10
"""Wrong codes that are taken for one application."""

CODE_DIGITS = 8
CODE_VALID = timedelta(hours=1)

UNPROVED_LAPSES = timedelta(hours=48)
"""An application whose mail address is not proved lapses after so long."""

DRAFT_LAPSES = timedelta(days=30)
"""An application that is not submitted lapses after so long."""

SCREENING_VALID = timedelta(days=30)
"""A participant is screened again after so long."""

RESCREENED_A_RUN = 500
"""Screenings that one run of the schedule asks for."""
