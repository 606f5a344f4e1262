"""Members for which nobody may sign: they are named to the lead, and left out of the next version without their signature."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from marketplace.notices import services as notices
from marketplace.participants.queries import get_organisations

from . import texts
from .errors import MembersCannotSign
from .models import PoolVersion
from .queries import unable_to_sign


def find_left_out(standing: PoolVersion | None, members: Mapping[int, str]) -> dict[str, Mapping[str, str]]:
    """The names, by identifier, of members of the ``standing`` version that ``members`` (identifiers by database key) leaves out, and
    whose signature it does not need because nobody may sign for them. Raises MembersCannotSign where it does need one.
    """
    before: dict[int, str] = {}
    if standing is not None:
        before = dict(standing.shares.values_list("organisation_id", "organisation_identifier"))
    unable = unable_to_sign({*before, *members})
    by_lead = standing is not None and standing.lead_decides
    needed = set(members) - set(before) if by_lead else set(members)
    blocking = sorted(members[key] for key in unable & needed)
    if blocking:
        raise MembersCannotSign(organisations=", ".join(blocking))
    gone = [] if by_lead else [before[key] for key in unable & set(before) - set(members)]
    return {view.public_id: view.name for view in get_organisations(gone)} if gone else {}


def tell_left_out(version: PoolVersion, left_out: Collection[str]) -> None:
    """Tell those that a version leaves out that it needs their signature once somebody may sign for them."""
    wording = texts.LEFT_OUT.fill(
        pool=version.pool.public_id, version=version.public_id, day=version.effective_on.isoformat()
    )
    views = get_organisations(list(left_out)) if left_out else ()
    notices.send_notices(subject=version.public_id, wordings={view.id: wording for view in views})
