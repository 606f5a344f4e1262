"""Renewal: an agreement goes on after its term as both parties signed, by a version that the market records.

``terms`` is the term that they sign and ``words`` its text; ``services`` reminds, refuses and renews.
"""
