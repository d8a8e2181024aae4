"""Whether a query reads or writes, where its text makes that certain. A pure function.

Most queries are decided by their words alone. Where a word may mean more than it says (a column
``comment``, a function of the app's own), PostgreSQL's grammar decides. What stays uncertain is
left open: a locking read, a function that may write. The caller then knows no more than that the
database is accessed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from encore_config.graph import Operation
from encore_provisioner.analysis.uses import grammar

Operations = frozenset[Operation]
READ: Final[Operations] = frozenset({"read"})
WRITE: Final[Operations] = frozenset({"write"})
OPEN: Final[Operations] = frozenset()

_CACHED: Final = 4_096  # queries
_NOISE: Final = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|(\$\w*\$).*?\1", re.DOTALL
)
_WORD: Final = re.compile(r"[a-z_]\w*")
_CALL: Final = re.compile(r"([a-z_][\w.]*)\s*\(")
_WRITES: Final = frozenset({"delete", "insert", "merge", "truncate", "update"})
_LOOKS: Final = frozenset({"select", "table", "values"})
_SUSPECT: Final = re.compile(
    r"(?<![a-z_])(?:delete|for|insert|into|merge|truncate|update|with)(?!\w)"
)
"""Words that a plain read does not have, or only as names."""


def _words(*listed: str) -> frozenset[str]:
    return frozenset(" ".join(listed).split())


_BEFORE_PARENTHESIS: Final = _words(
    "all and any array as between by case distinct else except exists filter from group having in "
    "intersect is join lateral like limit not null offset on or order over partition row select "
    "similar some table then union using values when where within"
)
"""Keywords that stand before a parenthesis and call nothing."""

_PURE: Final = _words(
    # Aggregates and window functions.
    "array_agg avg bit_and bit_or bool_and bool_or corr count cume_dist dense_rank every "
    "first_value json_agg json_object_agg jsonb_agg jsonb_object_agg lag last_value lead max min "
    "mode ntile nth_value percent_rank percentile_cont percentile_disc range_agg rank row_number "
    "stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg "
    # Values.
    "abs cast ceil ceiling coalesce div exp floor greatest least ln log log10 mod nullif pi power "
    "random round sign sqrt trunc width_bucket gen_random_uuid md5 sha256 sha512 "
    # Text.
    "ascii btrim char_length character_length chr concat concat_ws convert_from convert_to decode "
    "encode extract format initcap left length lower lpad ltrim octet_length overlay position "
    "quote_ident quote_literal regexp_count regexp_like regexp_match regexp_matches "
    "regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace "
    "reverse right rpad rtrim similarity split_part starts_with strpos substr substring to_hex "
    "translate trim unaccent upper word_similarity "
    # Times.
    "age clock_timestamp date date_bin date_part date_trunc interval justify_days justify_hours "
    "make_date make_interval make_time make_timestamp make_timestamptz now statement_timestamp "
    "time timestamp timezone to_char to_date to_number to_timestamp transaction_timestamp "
    # Arrays, sets, ranges.
    "array_append array_cat array_length array_position array_positions array_prepend "
    "array_remove array_replace array_to_string cardinality generate_series generate_subscripts "
    "grouping isempty lower_inc string_to_array string_to_table unnest upper_inc "
    # JSON.
    "array_to_json json_array_elements json_array_elements_text json_array_length "
    "json_build_array json_build_object json_each json_each_text json_extract_path "
    "json_extract_path_text json_object json_object_keys json_populate_record "
    "json_populate_recordset json_strip_nulls json_to_record json_to_recordset json_typeof "
    "jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array "
    "jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text "
    "jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists jsonb_path_match "
    "jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_populate_record "
    "jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_strip_nulls jsonb_to_record "
    "jsonb_to_recordset jsonb_typeof row_to_json to_json to_jsonb "
    # Full text, vectors, the system.
    "phraseto_tsquery plainto_tsquery setweight to_tsquery to_tsvector ts_headline ts_rank "
    "ts_rank_cd websearch_to_tsquery cosine_distance inner_product l1_distance l2_distance "
    "vector_dims vector_norm current_database current_schema current_setting pg_column_size "
    "pg_database_size pg_relation_size pg_size_pretty pg_table_size pg_total_relation_size "
    "pg_typeof to_regclass version"
)
"""Functions of PostgreSQL and its contrib modules that change nothing."""

_MODIFY: Final = frozenset(
    {"DeleteStmt", "InsertStmt", "MergeStmt", "TruncateStmt", "UpdateStmt", "intoClause"}
)
_DEFINE: Final = (
    "Alter",
    "Comment",
    "Create",
    "Drop",
    "Grant",
    "Index",
    "Refresh",
    "Rename",
    "View",
)
_READ: Final = frozenset({"SelectStmt", "VariableShowStmt"})


@lru_cache(maxsize=_CACHED)
def query_operations(query: str) -> Operations:
    """``read``, ``write`` or nothing that is certain."""
    text = _NOISE.sub(" ", query).lower()
    first = _WORD.search(text)
    if first is None:
        return OPEN
    if first[0] in _WRITES:
        return WRITE
    if first[0] in _LOOKS and ";" not in text and _SUSPECT.search(text) is None:
        called = set(_CALL.findall(text)) - _BEFORE_PARENTHESIS
        if called <= _PURE:
            return READ
    return _by_grammar(query)


def _by_grammar(query: str) -> Operations:
    trees = grammar.statements(query)
    if not trees:
        return OPEN
    found = [_statement(tree) for tree in trees]
    if WRITE in found:
        return WRITE
    return READ if all(each == READ for each in found) else OPEN


def _statement(tree: grammar.Tree) -> Operations:
    """One statement with all that nests in it."""
    kind = next(iter(tree))
    found = list(grammar.nodes(tree))
    if kind.startswith(_DEFINE) or any(inner in _MODIFY for inner, _ in found):
        return WRITE
    doubtful = any(
        inner == "LockingClause" or (inner == "FuncCall" and not _is_pure(node))
        for inner, node in found
    )
    return READ if kind in _READ and not doubtful else OPEN


def _is_pure(call: grammar.Tree) -> bool:
    names = [part["String"]["sval"] for part in call["funcname"]]
    return names[-1] in _PURE and names[:-1] in ([], ["pg_catalog"])
