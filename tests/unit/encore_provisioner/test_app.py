"""The app's folder and encore.app."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_config.position import At, End
from encore_provisioner.app import app_id, check_app_file, find_app, plain_json, read_app_file
from encore_provisioner.errors import AppError


def app(root: Path, text: str) -> Path:
    (root / "encore.app").write_text(text, encoding="utf-8")
    return root


def test_the_nearest_folder_upwards_is_found(tmp_path: Path) -> None:
    app(tmp_path, "{}")
    inner = tmp_path / "orders" / "migrations"
    inner.mkdir(parents=True)
    assert find_app(inner) == tmp_path.resolve()
    (tmp_path / "orders" / "encore.infra.yaml").touch()
    assert find_app(inner) == (tmp_path / "orders").resolve()


def test_a_folder_without_an_app_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(AppError) as caught:
        find_app(tmp_path)
    assert caught.value.code == "no-app"
    assert str(tmp_path) in caught.value.message
    assert caught.value.hint is not None
    with pytest.raises(AppError, match="no Encore app") as caught:
        read_app_file(tmp_path)
    assert caught.value.code == "no-app"


def test_comments_and_trailing_commas_are_read(tmp_path: Path) -> None:
    text = '// a shop\n{\n  "id": "shop", /* ü */ "lang": "typescript",\n'
    text += '  "global_cors": {"allow_headers": ["*", /* all */], "lang": "no"},\n}\n'
    found = read_app_file(app(tmp_path, text))
    assert (found.id, found.language) == ("shop", "typescript")
    assert found.global_cors == {"allow_headers": ["*"]}  # Encore passes over the other field
    assert found.language_at == At(file="encore.app", line=3, column=33)
    assert found.language_end == End(line=3, column=45)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "go"),
        ("{}", "go"),
        ('{"lang": ""}', "go"),
        ('{"lang": null}', "go"),
        ('{"lang": "python"}', "python"),
    ],
)
def test_without_a_language_it_is_go(tmp_path: Path, text: str, language: str) -> None:
    assert read_app_file(app(tmp_path, text)).language == language


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ('{\n  "id": x\n}', "E1001", 2, 9),
        ("[]", "E1001", 1, 1),
        ("[" * 100_000, "E1001", 1, 1),
        ('{"lang": "typescript", "id": 1}', "E1002", 1, 30),
        ('{"global_cors": [], "lang": "go"}', "E1002", 1, 17),
        ('{"lang": "rust"}', "E1003", 1, 10),
        ('{"lang": 5}', "E1002", 1, 10),
        ('{"id": NaN}', "E1001", 1, 8),
        ("{,}", "E1001", 1, 2),
        ('\ufeff{"lang": "typescript"}', "E1001", 1, 1),
        ('{"build": {"docker": {"bundle_source": 1}}}', "E1002", 1, 40),
        ('{"global_cors": {"allow_headers": ["*", 5]}}', "E1002", 1, 41),
        ('{"build": {"hooks": {"prebuild": ["make"]}}}', "E1002", 1, 34),
        ('{"build": {"hooks": {"prebuild": {"env": {"A": 1}}}}}', "E1002", 1, 48),
        ('{"experiments": [\n"metrics",\n"metrix"]}', "E1005", 3, 1),
    ],
)
def test_a_wrong_file_names_the_place(
    tmp_path: Path, text: str, code: str, line: int, column: int
) -> None:
    with pytest.raises(AppError) as caught:
        read_app_file(app(tmp_path, text))
    error = caught.value
    assert error.code == "bad-app-file"
    assert error.at == At(file="encore.app", line=line, column=column)
    assert [d.code for d in error.diagnostics] == [code]


def test_fields_are_read_as_go_reads_json(tmp_path: Path) -> None:
    text = '{"ID": "first", "Lang": "typescript", "id": "last", "id": null, "Global_Cors": null}'
    found, diagnostics = check_app_file(app(tmp_path, text))
    assert (found.id, found.language, found.global_cors) == ("last", "typescript", {})
    assert diagnostics == ()


def test_a_field_that_looks_like_a_known_one_is_told_and_nothing_else(tmp_path: Path) -> None:
    text = '{"lang": "typescript", "x": {"id": 5}, "build": {"dokcer": {}, "other": 1}}'
    _, [found] = check_app_file(app(tmp_path, text))
    assert (found.code, found.severity, found.hint) == (
        "W1006",
        "warning",
        "did you mean `docker`?",
    )
    assert found.at == At(file="encore.app", line=1, column=50)


def test_an_unreadable_file_is_an_error_for_people(tmp_path: Path) -> None:
    (tmp_path / "encore.app").mkdir()
    with pytest.raises(AppError) as caught:
        check_app_file(tmp_path)
    assert caught.value.code == "bad-app-file"


def test_the_folder_names_an_app_without_id(tmp_path: Path) -> None:
    root = tmp_path / "My Shop (2)"
    root.mkdir()
    assert app_id(root, read_app_file(app(root, "{}"))) == "my-shop-2"
    assert app_id(root, read_app_file(app(root, '{"id": "shop-x1y2"}'))) == "shop-x1y2"


@given(st.binary(max_size=200))
def test_any_bytes_are_an_app_file_or_findings(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    root = tmp_path_factory.mktemp("app")
    (root / "encore.app").write_bytes(raw)
    _, found = check_app_file(root)
    assert all(d.at is not None and d.hint for d in found)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(values, st.integers(min_value=0, max_value=4))
def test_json_stays_as_it_is(value: object, indent: int) -> None:
    text = json.dumps(value, indent=indent)
    assert plain_json(text) == text


def test_positions_survive() -> None:
    relaxed = plain_json('{"a": [1, 2, /* x */], // y, }\n "b": "// no comment, }",}')
    assert json.loads(relaxed) == {"a": [1, 2], "b": "// no comment, }"}
    assert relaxed.index('"b"') == '{"a": [1, 2, /* x */], // y, }\n '.__len__()
