"""Rights of use: the seller's choices, the ODRL 2.2 policy, questions about it, and text. Public, pure.

``choices`` are the terms of the CADDE 4 catalogue and ``reading`` checks them; ``serialisation`` states them as a
policy in the words of ``vocabulary``, ``dataspace`` projects it, ``rules`` reads it and ``limits`` says when it ends.
"""

from .choices import DisclosureScope, Purpose, Rights
from .dataspace import dataspace_policy
from .limits import access_until
from .profile import TITLE as PROFILE_TITLE
from .profile import profile_document
from .reading import parse_rights
from .serialisation import Parties, policy_of
from .vocabulary import TERMS as PROFILE_TERMS
from .vocabulary import local_context, prefixes, profile_address
from .wording import summary

__all__ = [
    "PROFILE_TERMS",
    "PROFILE_TITLE",
    "DisclosureScope",
    "Parties",
    "Purpose",
    "Rights",
    "access_until",
    "dataspace_policy",
    "local_context",
    "parse_rights",
    "policy_of",
    "prefixes",
    "profile_address",
    "profile_document",
    "summary",
]
