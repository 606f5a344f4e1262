"""What restitutions add to the durations of an agreement."""

from contracts.lost_time import LostTime

from .queries import time_given_back

LostTime(given_back=time_given_back)
