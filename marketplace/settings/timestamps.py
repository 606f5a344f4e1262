"""The timestamp authority (RFC 3161) that stamps checkpoints of the evidence log; without an address there is none."""

import environ

env = environ.Env()

TIMESTAMP_AUTHORITY_URL = env.str("TIMESTAMP_AUTHORITY_URL", default="")
# A PEM file, or its text: the certificates that sign its timestamps, and those that issued them up to the root. Those of an authority
# that the market used before stay in it.
TIMESTAMP_AUTHORITY_CERTIFICATES = env.str("TIMESTAMP_AUTHORITY_CERTIFICATES", default="")
# sha256 or sha512.
TIMESTAMP_HASH = env.str("TIMESTAMP_HASH", default="sha256")
# The policy (OID) by which it must stamp; empty for any.
TIMESTAMP_POLICY = env.str("TIMESTAMP_POLICY", default="")
# So long it may say nothing while it is asked; each attempt as a whole ends after 15 seconds.
TIMESTAMP_SILENT_SECONDS_MAX = env.float("TIMESTAMP_SILENT_SECONDS_MAX", default=5)
