"""The page of diagnostics is read as its headings stand, and its texts lose their marks only."""

from __future__ import annotations

from pathlib import Path

import pytest

from encore_config.codec import decode
from encore_config.rules import Rule, Rules, unmarked
from encore_config.rules.generate import main, read_page, render

PAGE = """# Diagnostics

## 01 Files

Told before the codes.

### E0101: a `tsconfig.json` that isn't read
What and
why, as in [cli.md](cli.md).

```ts
## wrong
```

### W0101: the last one
Text.
## 02 Next
More.
"""


def test_a_code_ends_where_the_next_heading_begins() -> None:
    first, last = read_page(PAGE)
    assert (first.code, first.title) == ("E0101", "a `tsconfig.json` that isn't read")
    assert first.markdown.startswith("What and\nwhy")
    assert (last.code, last.title, last.markdown) == ("W0101", "the last one", "Text.")


def test_texts_for_those_who_show_no_marks() -> None:
    rule = read_page(PAGE)[0]
    assert rule.name == "TsconfigJsonThatIsntRead"
    assert rule.short == "A tsconfig.json that isn't read."
    assert rule.full == "What and why, as in cli.md."
    assert unmarked("a `b`\n```ts\nc\n```\n[d](e)") == "a b\nc\nd"


def test_an_example_may_hold_what_looks_like_a_heading() -> None:
    assert read_page(PAGE)[0].markdown.endswith("```ts\n## wrong\n```")


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    assert decode(render(page), Rules).rules == read_page(PAGE)
    assert isinstance(read_page(PAGE)[0], Rule)


@pytest.mark.parametrize(("arguments", "code"), [(["--check"], 0), (["--what"], 64)])
def test_the_command(arguments: list[str], code: int) -> None:
    assert main(arguments) == code
