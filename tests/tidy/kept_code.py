"""What the check for dead code keeps, each with the reason why it is alive although production does not name it."""

KEPT = {
    "marketplace.kernel.bounding.bound_columns": "migrations call it",
    "marketplace.oversight.holds.guards.IS_HELD": "a migration runs it",
    "marketplace.oversight.holds.guards.guard_held_tables": "migrations call it",
    "marketplace.participants.bank_day_guards.CREATE": "a migration runs it",
    "marketplace.participants.bank_day_guards.DROP": "a migration runs it",
    "marketplace.participants.person_guards.CREATE": "a migration runs it",
    "marketplace.participants.person_guards.DROP": "a migration runs it",
    "marketplace.events.models.RelayPosition": "the relay reads and moves it within one statement of SQL",
    "delivery.models.downloads.SentParts": "the database adds to it and it is compared within statements of SQL",
    "clearing.trades.queries.TradeCounts.refunded": "the report of the day shows every field of the counts",
    "listings.facts.LISTING_FACTS": "a fact provider enters itself with the rules when it is made",
    "quality.facts.QUALITY_FACTS": "a fact provider enters itself with the rules when it is made",
    "marketplace.rules.facts.APPLICANT": "a fact provider enters itself with the rules when it is made",
    "marketplace.participants.declarations.DESCRIPTIONS": "the words for a page that asks an applicant to declare",
    "marketplace.settings.queues.TimeLimits.annotate_any": "Celery asks every annotation for it",
    "marketplace.kernel.caching.RedisCache.__init__._class": "Django's cache makes its client by it",
    "marketplace.kernel.prepared.insert_prepared.adding": "Django asks an instance whether it is stored",
    "listings.services.drafts.add_version": "files and version in one call, for programs without a transaction of their own",
    "marketplace.participants.sessions.SessionStore._get_session_from_db._session_key": "Django forgets a token without a row by it",
}
