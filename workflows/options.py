"""How long activities may take and how they are retried: the two ways of writing, and reading."""

from datetime import timedelta
from typing import Any

from temporalio.common import RetryPolicy

BRIEF: dict[str, Any] = {
    "schedule_to_close_timeout": timedelta(seconds=2),
    "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=3),
}
"""A local activity with the one transaction of a decision."""

PATIENT: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=30),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=1.5, maximum_interval=timedelta(seconds=10)
    ),
}
"""The same write as an ordinary activity, for as long as the database is away."""

READING: dict[str, Any] = PATIENT
"""Looking something up in the record or the register: retried until it answers."""
