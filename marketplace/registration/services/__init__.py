"""Services of registration: apply, prove, submit, screen and decide."""

from .applying import apply, prove_email, send_code
from .deciding import accept, propose, refuse, return_to_review
from .filing import add_document, state_owners, submit
from .loading import load_registry, load_screening_list
from .screening import assess, request_screening, screen_changed_facts

__all__ = [
    "accept",
    "add_document",
    "apply",
    "assess",
    "load_registry",
    "load_screening_list",
    "propose",
    "prove_email",
    "refuse",
    "request_screening",
    "return_to_review",
    "screen_changed_facts",
    "send_code",
    "state_owners",
    "submit",
]
