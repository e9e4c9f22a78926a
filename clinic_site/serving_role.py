"""Two accounts of PostgreSQL: one owns the tables and migrates them, the other serves the site.

Whoever takes over the processes of the site can then read and write rows, as the site does, and can
neither remove a trigger of an append-only table nor change, empty or drop a table.
"""

from typing import NamedTuple

from django.db import connection, transaction
from psycopg import sql

# The second half is for the tables of later migrations, which the same owner makes.
GRANTS = """
GRANT USAGE ON SCHEMA public TO {role}
REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {role}
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}
"""
# Whoever may act as the owner, or makes accounts, may change every table.
EXAMINED = """
SELECT c.relname,
       has_table_privilege(r.oid, c.oid, 'SELECT') AND has_table_privilege(r.oid, c.oid, 'INSERT')
       AND has_table_privilege(r.oid, c.oid, 'UPDATE') AND has_table_privilege(r.oid, c.oid, 'DELETE'),
       has_table_privilege(r.oid, c.oid, 'TRUNCATE, TRIGGER') OR pg_has_role(r.oid, c.relowner, 'MEMBER')
       OR r.rolcreaterole
FROM pg_roles r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rolname = coalesce(%s, current_user) AND n.nspname = 'public' AND c.relkind IN ('r', 'p')
ORDER BY c.relname
"""
# Whoever may make a function can get the owner to run it, unawares, in a migration.
SCHEMA = """
SELECT n.nspowner::regrole::text FROM pg_roles r, pg_namespace n
WHERE r.rolname = coalesce(%s, current_user) AND n.nspname = 'public'
      AND has_schema_privilege(r.oid, n.oid, 'CREATE')
"""
# The one who owns the database, whoever that is. Before PostgreSQL 15 the administrator had the schema.
OF_THE_DATABASE = "pg_database_owner"


class Rights(NamedTuple):
    """In which tables an account may not read and write rows, and which it may change as tables.

    If it may make functions beside them, `schema_of` is who owns the schema; otherwise it is empty.
    """

    role: str
    too_few: list[str]
    too_many: list[str]
    schema_of: str = ""

    def beyond_rows(self) -> bool:
        """Whether the account can do more than read and write rows."""
        return bool(self.too_many or self.schema_of)


class NotDivided(Exception):
    """The account does not exist, or would have other rights than those it needs; it says why."""


def statements(role: str) -> list[str]:
    """The SQL that gives an account the rights of the site in every table, and no others."""
    return [
        sql.SQL(line).format(role=sql.Identifier(role)).as_string()
        for line in GRANTS.strip().splitlines()
    ]


def rights(role: str | None = None) -> Rights | None:
    """What an account may do, or the one that we have signed in with; None on SQLite, which has none."""
    if connection.vendor == "sqlite":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(%s, current_user::text)", [role])
        (name,) = cursor.fetchone()
        cursor.execute(EXAMINED, [role])
        tables = cursor.fetchall()
        cursor.execute(SCHEMA, [role])
        (schema_of,) = cursor.fetchone() or ("",)
    too_few = [table for table, may_write, _ in tables if not may_write]
    too_many = [table for table, _, may_change in tables if may_change]
    return Rights(name, too_few, too_many, schema_of)


def make(role: str, password: str) -> None:
    """Make the account, or give it another password. Connected as an administrator.

    PostgreSQL is told a hash of the password, so none of its logs has the password itself.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        hashed = connection.connection.pgconn.encrypt_password(
            password.encode(), role.encode(), b"scram-sha-256"
        )
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        line = verb + " ROLE {} LOGIN PASSWORD {}"
        whole = sql.SQL(line).format(sql.Identifier(role), sql.Literal(hashed.decode()))
        cursor.execute(whole.as_string())


def divide(role: str) -> None:
    """Give an account the rights of the site. Connected as the owner of the tables.

    Raises NotDivided if it would still have others, and then nothing has changed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if not cursor.fetchone():
            raise NotDivided(f"PostgreSQL has no account {role}.")
        for statement in statements(role):
            cursor.execute(statement)
        if wrong := _wrong(rights(role)):
            raise NotDivided(wrong)


def _wrong(found: Rights | None) -> str:
    if not found:
        return ""
    if found.too_many:
        return (
            f"{found.role} could still change {len(found.too_many)} tables: it owns them, may act as "
            "their owner, or may make accounts."
        )
    if found.schema_of:
        remedy = (
            "Give the database to the owner of the tables."
            if found.schema_of == OF_THE_DATABASE
            else f"As postgres, say ALTER SCHEMA public OWNER TO {OF_THE_DATABASE}, and try again."
        )
        return (
            f"{found.role} could still make functions in the schema public, which belongs to "
            f"{found.schema_of}. {remedy}"
        )
    if found.too_few:
        return (
            f"{found.role} has no rights in {', '.join(found.too_few)}, which somebody else owns."
        )
    return ""
