"""Whether the database is as new as the code."""

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor


def migrations_due() -> list[Migration]:
    """The migrations that the code has and the database lacks, in their order.

    `migrate` runs the system checks first, so a check that reads tables asks here whether it can.
    Raises DatabaseError if the database cannot be reached.
    """
    executor = MigrationExecutor(connection)
    return [step for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
