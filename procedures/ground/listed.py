"""Values of other rows beside a row, as a list, on both databases: one query where two were needed."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, JSONField, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler


class _Listed(Aggregate):
    """The values of a group of rows as a list."""

    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> Any:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **context)


def listed(rows: QuerySet[Any], value: str | Combinable) -> Subquery:
    """The value of each of these rows, which name the outer row by OuterRef; None if there are none."""
    group = rows.order_by().annotate(whole=Value(1)).values("whole")
    return Subquery(group.annotate(all=_Listed(value)).values("all"))
