"""Invariants of jobs."""

from marketplace.kernel.invariants import Invariant, by_query, columns_within_bounds

Invariant(
    name="jobs.once",
    promise=7,
    statement="Of one kind and subject there is one job.",
    guards=("jobs_job.job_once",),
    test="tests/jobs/test_guards.py::test_of_one_kind_and_subject_there_is_one_job",
    check=by_query("SELECT kind, subject FROM jobs_job GROUP BY 1, 2 HAVING count(*) > 1"),
)
Invariant(
    name="jobs.run_by_lease",
    promise=10,
    statement="A job runs if and only if it has a lease, and no lease is an hour past its end.",
    guards=("jobs_job.job_runs_by_lease",),
    test="tests/jobs/test_guards.py::test_a_job_runs_if_and_only_if_it_has_a_lease",
    check=by_query(
        "SELECT public_id, state, lease_until FROM jobs_job"
        " WHERE (state = 'running') IS DISTINCT FROM (lease_until IS NOT NULL)"
        " OR (state = 'running' AND lease_until < now() - interval '1 hour')"
    ),
)
Invariant(
    name="jobs.columns_within_bounds",
    promise=7,
    statement="Every moment, number of attempts and JSON value of a job can be read.",
    guards=(
        "jobs_job.jobs_job_due_at_check",
        "jobs_job.jobs_job_attempts_check",
        "jobs_job.jobs_job_arguments_check",
        "jobs_job.own_key",
    ),
    test="tests/kernel/test_readable_columns.py::test_a_row_that_nobody_can_read_is_refused",
    check=columns_within_bounds("jobs"),
)
