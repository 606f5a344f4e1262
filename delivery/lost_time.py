"""What restitutions add to the durations of an agreement, and where access is open."""

from contracts.lost_time import LostTime

from .queries import open_agreements, time_given_back

LostTime(given_back=time_given_back, open_agreements=open_agreements)
