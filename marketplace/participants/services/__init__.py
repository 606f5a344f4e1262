"""Services of participants: register, admit, suspend, and give people and programs access."""

from .access import add_member
from .admission_terms import checked_terms
from .admissions import apply_for_admission, decide_admission, open_segment, withdraw_admission
from .authority import state_authority_limit
from .changing_members import (
    confirm_change,
    end_membership,
    grant_role,
    leave,
    revoke_role,
    withdraw_change,
)
from .committing import CommittingAct, commit_organisation, lock_limits, require_authority
from .disqualifications import disqualify, end_disqualification, lapse_disqualification
from .ending_admissions import (
    expire_admission,
    remind_of_admission,
    remind_of_condition,
    settle_condition,
)
from .expelling import expel
from .facts import change_facts
from .interests import declare_interest, end_interest
from .inviting import (
    confirm_invitation,
    invite,
    invite_first_owner,
    resend_invitation,
    revoke_invitation,
)
from .joining import accept_invitation, join_organisation
from .keys import challenge_key, register_key, revoke_key
from .logins import lock_login, release_login
from .organisations import (
    check_facts,
    register_organisation,
)
from .payout_accounts import (
    confirm_payout_account,
    lapse_payout_account,
    propose_payout_account,
    stop_payout_account,
)
from .programs import (
    create_application,
    narrow_scopes,
    offer_program,
    revoke_program,
    rotate_secret,
    take_over_program,
)
from .qualifications import (
    expire_qualification,
    open_qualification_kind,
    refuse_qualification,
    remind_of_expiry,
    revoke_qualification,
    state_qualification,
    verify_qualification,
    withdraw_qualification,
)
from .recovering import (
    confirm_recovery,
    file_recovery,
    object_as_member,
    object_to_recovery,
    propose_recovery,
    refuse_recovery,
)
from .relations import end_relation, state_relation
from .second_factors import (
    ask_second_factor_reset,
    confirm_second_factor_reset,
    stop_second_factor_reset,
)
from .suspensions import reinstate_participant, suspend_participant, suspended_participant
from .trustees import appoint_trustee, propose_trustee, withdraw_trustee

__all__ = [
    "CommittingAct",
    "accept_invitation",
    "add_member",
    "apply_for_admission",
    "appoint_trustee",
    "ask_second_factor_reset",
    "challenge_key",
    "change_facts",
    "check_facts",
    "checked_terms",
    "commit_organisation",
    "confirm_change",
    "confirm_invitation",
    "confirm_payout_account",
    "confirm_recovery",
    "confirm_second_factor_reset",
    "create_application",
    "decide_admission",
    "declare_interest",
    "disqualify",
    "end_disqualification",
    "end_interest",
    "end_membership",
    "end_relation",
    "expel",
    "expire_admission",
    "expire_qualification",
    "file_recovery",
    "grant_role",
    "invite",
    "invite_first_owner",
    "join_organisation",
    "lapse_disqualification",
    "lapse_payout_account",
    "leave",
    "lock_limits",
    "lock_login",
    "narrow_scopes",
    "object_as_member",
    "object_to_recovery",
    "offer_program",
    "open_qualification_kind",
    "open_segment",
    "propose_payout_account",
    "propose_recovery",
    "propose_trustee",
    "refuse_qualification",
    "refuse_recovery",
    "register_key",
    "register_organisation",
    "reinstate_participant",
    "release_login",
    "remind_of_admission",
    "remind_of_condition",
    "remind_of_expiry",
    "require_authority",
    "resend_invitation",
    "revoke_invitation",
    "revoke_key",
    "revoke_program",
    "revoke_qualification",
    "revoke_role",
    "rotate_secret",
    "settle_condition",
    "state_authority_limit",
    "state_qualification",
    "state_relation",
    "stop_payout_account",
    "stop_second_factor_reset",
    "suspend_participant",
    "suspended_participant",
    "take_over_program",
    "verify_qualification",
    "withdraw_admission",
    "withdraw_change",
    "withdraw_qualification",
    "withdraw_trustee",
]
