"""What happens with time: invitations, proposals and changes of accounts lapse, and secrets and qualifications end."""

from __future__ import annotations

from marketplace.kernel import clock
from marketplace.kernel.aside import Loop

from .admission_terms import REMINDED_BEFORE as ADMISSION_REMINDED_BEFORE
from .bounds import PROGRAM_WARNED_BEFORE
from .models import (
    Admission,
    AdmissionCondition,
    Application,
    Disqualification,
    Invitation,
    MemberChange,
    OwnerRecovery,
    PayoutAccountChange,
    Qualification,
    SecondFactorReset,
)
from .qualification_queries import conditions_to_settle
from .qualification_states import STANDING, QualificationState
from .services.changing_members import lapse_change
from .services.disqualifications import lapse_disqualification
from .services.ending_admissions import (
    expire_admission,
    remind_of_admission,
    remind_of_condition,
    settle_condition,
)
from .services.inviting import lapse_invitation
from .services.payout_accounts import lapse_payout_account
from .services.programs import warn_of_expiry
from .services.qualifications import REMINDED_BEFORE, expire_qualification, remind_of_expiry
from .services.recovering import conclude_recovery
from .services.second_factors import carry_out_second_factor_reset
from .states import (
    INVITATION_ENDED,
    AdmissionState,
    MemberChangeState,
    OwnerRecoveryState,
    PayoutChangeState,
    SecondFactorResetState,
)

INVITATIONS = Loop("participants.lapse_invitations")
CHANGES = Loop("participants.lapse_changes")
RESETS = Loop("participants.reset_second_factors")
RECOVERIES = Loop("participants.conclude_recoveries")
ACCOUNTS = Loop("participants.lapse_payout_accounts")
PROGRAMS = Loop("participants.warn_of_expiry")
QUALIFICATIONS = Loop("participants.expire_qualifications")
REMINDERS = Loop("participants.remind_of_expiry")
ADMISSIONS = Loop("participants.expire_admissions")
CONDITIONS = Loop("participants.settle_conditions")
ADMISSIONS_ENDING = Loop("participants.remind_of_admissions")
CONDITIONS_DUE = Loop("participants.remind_of_conditions")
DISQUALIFICATIONS = Loop("participants.end_disqualifications")
LAPSED_A_RUN = 200


def lapse_overdue() -> int:
    """End invitations that nobody accepted, and changes that no second owner confirmed, in time; returns how many."""
    now = clock.now()
    invitations = Invitation.objects.filter(expires_at__lte=now).exclude(state__in=INVITATION_ENDED)
    changes = MemberChange.objects.filter(expires_at__lte=now, state=MemberChangeState.PROPOSED)
    return INVITATIONS.each(
        invitations.exclude(public_id__in=INVITATIONS.standing_aside())
        .order_by("expires_at")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        lapse_invitation,
    ) + CHANGES.each(
        changes.exclude(public_id__in=CHANGES.standing_aside())
        .order_by("expires_at")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        lapse_change,
    )


def lapse_payout_accounts() -> int:
    """End changes of payout accounts that nobody confirmed in time; returns how many."""
    due = (
        PayoutAccountChange.objects.filter(state=PayoutChangeState.PROPOSED, lapses_on__lt=clock.today())
        .exclude(public_id__in=ACCOUNTS.standing_aside())
        .order_by("lapses_on")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN]
    )
    return ACCOUNTS.each(due, lambda change: lapse_payout_account(change=change))


def warn_expiring() -> int:
    """Tell organisations of programs whose secrets end soon; returns of how many."""
    soon = clock.real_now() + PROGRAM_WARNED_BEFORE
    expiring = Application.objects.filter(revoked_at=None, warned_at=None, expires_at__lte=soon)
    return PROGRAMS.each(
        expiring.exclude(public_id__in=PROGRAMS.standing_aside())
        .order_by("expires_at")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        warn_of_expiry,
    )


def reset_due() -> int:
    """Take the second factors whose waiting time has ended, and stop what nobody confirmed in time; returns how many."""
    due = SecondFactorReset.objects.filter(
        ends_at__lte=clock.now(), state__in=(SecondFactorResetState.PROPOSED, SecondFactorResetState.WAITING)
    )
    return RESETS.each(
        due.exclude(public_id__in=RESETS.standing_aside())
        .order_by("ends_at")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        carry_out_second_factor_reset,
    )


def conclude_due() -> int:
    """Invite the new owners where the waiting time of a recovery has ended; returns how many."""
    due = OwnerRecovery.objects.filter(ends_at__lte=clock.now(), state=OwnerRecoveryState.WAITING)
    return RECOVERIES.each(
        due.exclude(public_id__in=RECOVERIES.standing_aside())
        .order_by("ends_at")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        conclude_recovery,
    )


def expire_qualifications() -> int:
    """End qualifications whose last day has passed, and tell organisations of those that end soon; returns how many."""
    today = clock.today()
    over = Qualification.objects.filter(state__in=STANDING, valid_until__lt=today)
    soon = Qualification.objects.filter(
        state=QualificationState.VERIFIED,
        reminded_at=None,
        valid_until__range=(today, today + REMINDED_BEFORE),
    )
    return QUALIFICATIONS.each(
        over.exclude(public_id__in=QUALIFICATIONS.standing_aside())
        .order_by("valid_until")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        expire_qualification,
    ) + REMINDERS.each(
        soon.exclude(public_id__in=REMINDERS.standing_aside())
        .order_by("valid_until")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        remind_of_expiry,
    )


def end_admissions() -> int:
    """Settle the conditions of admissions that are to be settled, and end admissions whose last day has passed; returns how many."""
    over = Admission.objects.filter(state=AdmissionState.ADMITTED, expires_on__lt=clock.today())
    return CONDITIONS.each(
        conditions_to_settle()
        .exclude(public_id__in=CONDITIONS.standing_aside())
        .order_by("due_on")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        settle_condition,
    ) + ADMISSIONS.each(
        over.exclude(public_id__in=ADMISSIONS.standing_aside())
        .order_by("expires_on")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        expire_admission,
    )


def remind_of_ends() -> int:
    """Tell organisations once of admissions that end soon, and of conditions that are due soon; returns how many."""
    today = clock.today()
    soon = (today, today + ADMISSION_REMINDED_BEFORE)
    ending = Admission.objects.filter(state=AdmissionState.ADMITTED, reminded_at=None, expires_on__range=soon)
    due = AdmissionCondition.objects.filter(settled_at=None, reminded_at=None, due_on__range=soon)
    return ADMISSIONS_ENDING.each(
        ending.exclude(public_id__in=ADMISSIONS_ENDING.standing_aside())
        .order_by("expires_on")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        remind_of_admission,
    ) + CONDITIONS_DUE.each(
        due.exclude(public_id__in=CONDITIONS_DUE.standing_aside())
        .order_by("due_on")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        remind_of_condition,
    )


def end_disqualifications() -> int:
    """End disqualifications whose last day has passed; returns how many."""
    over = Disqualification.objects.filter(ended_at=None, until__lt=clock.today())
    return DISQUALIFICATIONS.each(
        over.exclude(public_id__in=DISQUALIFICATIONS.standing_aside())
        .order_by("until")
        .values_list("public_id", flat=True)[:LAPSED_A_RUN],
        lapse_disqualification,
    )
