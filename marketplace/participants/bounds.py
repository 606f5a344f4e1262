"""What an organisation, an invitation and a program may have. Pure."""

from datetime import timedelta

INVITATION_VALID = timedelta(days=7)
"""Business time after which an invitation is no longer accepted."""

INVITATION_MAILS_MAX = 5
"""Mails that are sent for one invitation."""

INVITATIONS_OPEN_MAX = 50
"""Invitations of one organisation that nobody has accepted yet."""

INVITATIONS_A_DAY_MAX = 100
"""Invitations that one organisation makes within 24 hours, so that nobody writes to strangers through the market."""

PROPOSAL_VALID = timedelta(days=3)
"""Business time in which a second owner confirms what the first proposed."""

PROGRAM_VALID = timedelta(days=365)
"""Real time after which the secret of a program is no longer good, unless it is rotated."""

PROGRAM_WARNED_BEFORE = timedelta(days=30)
"""So long before that its organisation has a task."""

KEY_CHALLENGE_VALID = timedelta(minutes=10)
"""Real time in which an organisation proves that it holds a key."""

KEYS_LIVE_MAX = 20
"""Live keys of one organisation."""

QUALIFICATIONS_STANDING_MAX = 50
"""Qualifications of one organisation that are stated or verified."""

QUALIFICATIONS_A_DAY_MAX = 100
"""Qualifications that one organisation states within 24 hours of business time: a person looks at each."""

SECRETS_OVERLAP_MAX = timedelta(hours=24)
"""Real time in which the secret before is good beside the new one."""

SECOND_FACTOR_WAITS = timedelta(hours=24)
"""Business time before a lost second factor is taken from its person."""

RECOVERY_BUSINESS_DAYS = 5
"""Business days in which every known contact may object to the recovery of an owner."""

RECOVERIES_OPEN_MAX = 5
"""Requests of one organisation that nobody has decided yet."""

CONTACTS_MAX = 200
"""Known contacts that are told of a recovery."""

EVIDENCE_BYTES_MAX = 5 << 20
"""The largest file of evidence: 5 MiB."""
