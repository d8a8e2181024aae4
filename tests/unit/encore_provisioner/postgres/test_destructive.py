"""Which statements count as deleting data: cases, one a row."""

from __future__ import annotations

import pytest

from encore_provisioner.postgres.destructive import destructive

DELETES = (
    "DROP TABLE old",
    "drop table if exists old, older cascade",
    "DROP SCHEMA shop CASCADE",
    "DROP DATABASE other",
    "DROP OWNED BY app",
    "DROP TYPE state CASCADE",
    "DROP DOMAIN email CASCADE",
    "DROP EXTENSION hstore CASCADE",
    "TRUNCATE orders",
    "DELETE FROM orders",
    "WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone",
    "MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE",
    "EXPLAIN ANALYZE DELETE FROM orders",
    "ALTER TABLE orders DROP COLUMN total",
    "ALTER TABLE orders DROP total",
    "ALTER TABLE IF EXISTS ONLY orders ADD a int, DROP COLUMN IF EXISTS b",
    "ALTER FOREIGN TABLE orders DROP COLUMN total",
    "ALTER TYPE address DROP ATTRIBUTE zip CASCADE",
    'ALTER TABLE orders DROP "constraint"',
)
KEEPS = (
    "CREATE TABLE orders (id int)",
    "DROP INDEX orders_by_day",
    "DROP VIEW totals",
    "DROP TYPE state",
    "DROP FUNCTION count_up()",
    "ALTER TABLE orders DROP CONSTRAINT one",
    "ALTER TABLE orders ALTER COLUMN a DROP NOT NULL",
    "ALTER TABLE orders ALTER a DROP DEFAULT, ALTER b DROP IDENTITY, ALTER c DROP EXPRESSION",
    "ALTER TABLE orders RENAME TO delete_me",
    "INSERT INTO words VALUES ('DROP TABLE old; DELETE FROM orders')",
    "UPDATE orders SET gone = true",
    "GRANT DELETE ON orders TO app",
    "CREATE TABLE line (id int REFERENCES orders ON DELETE CASCADE)",
    "-- DROP TABLE old",
    "WITH one AS (SELECT 1) SELECT * FROM one",
    "DROP",
    "",
)


@pytest.mark.parametrize("text", DELETES)
def test_it_deletes_data(text: str) -> None:
    assert destructive(f"SELECT 1; {text};\nSELECT 2") == (text,)


@pytest.mark.parametrize("text", KEEPS)
def test_it_keeps_data(text: str) -> None:
    assert destructive(f"SELECT 1; {text};\nSELECT 2") == ()


def test_a_statement_is_one_line_and_not_too_long() -> None:
    names = ",\n  ".join(f"old_{number}" for number in range(40))
    (found,) = destructive(f"DROP TABLE -- all of them\n  {names};")
    assert found.startswith("DROP TABLE -- all of them old_0, old_1,")
    assert found.endswith("…")
    assert len(found) == 120
