"""Incidents and breaches: what happened to whose data, until when it is reported to whom, and what was done."""
