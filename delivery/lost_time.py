"""What restitutions add to the durations of an agreement, and where access is open."""

from contracts.ending.lost_time import LostTime

from .queries import open_agreements, time_given_back, time_lost_since

LostTime(given_back=time_given_back, lost_since=time_lost_since, open_agreements=open_agreements)
