"""The yardstick for requests: one raw row, inserted and committed from a pool, no framework."""

import os
from collections.abc import Iterable
from typing import Any

from psycopg_pool import ConnectionPool

pool = ConnectionPool(os.environ["DATABASE_URL"], min_size=1, max_size=4, open=True)
with pool.connection() as first:
    first.execute(
        "CREATE TABLE IF NOT EXISTS raw_row (id bigserial PRIMARY KEY, name text, at timestamptz)"
    )


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Insert, commit, answer."""
    with pool.connection() as connection:
        connection.execute("INSERT INTO raw_row (name, at) VALUES ('x', now())")
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
