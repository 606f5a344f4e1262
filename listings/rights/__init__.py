"""Rights of use: the seller's choices, the ODRL 2.2 policy, questions about it, and text. Public, pure.

``choices`` are the terms of the CADDE 4 catalogue and ``reading`` checks them; ``serialisation`` states them as a
policy in the words of ``vocabulary``, ``dataspace`` projects it, ``rules`` reads it and ``limits`` says when it ends.
``evaluation`` decides a question by ``constraints``, ``stated`` one use as it is stated, ``comparison`` compares two policies by ``regions``; ``answers``
and ``changes`` say the results in words.
"""

from .answers import ACTIONS, answer
from .changes import changes
from .choices import DisclosureScope, Purpose, Rights
from .consistency import require_feasible
from .constraints import Question, World
from .dataspace import dataspace_policy
from .limits import end_of, span
from .profile import TITLE as PROFILE_TITLE
from .profile import profile_document
from .reading import parse_rights
from .serialisation import Parties, policy_of
from .stated import JUDGED_AT_ACCESS, StatedUse, not_met
from .vocabulary import END_OF_USE, SCOPES, local_context, prefixes, profile_address
from .vocabulary import TERMS as PROFILE_TERMS
from .wording import summary

__all__ = [
    "ACTIONS",
    "END_OF_USE",
    "JUDGED_AT_ACCESS",
    "PROFILE_TERMS",
    "PROFILE_TITLE",
    "SCOPES",
    "DisclosureScope",
    "Parties",
    "Purpose",
    "Question",
    "Rights",
    "StatedUse",
    "World",
    "answer",
    "changes",
    "dataspace_policy",
    "end_of",
    "local_context",
    "not_met",
    "parse_rights",
    "policy_of",
    "prefixes",
    "profile_address",
    "profile_document",
    "require_feasible",
    "span",
    "summary",
]
