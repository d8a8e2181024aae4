"""What each code of a finding means: title and explanation, for those who have only the package.

In: ``rules.json``, made from ``docs/diagnostics.md`` by :mod:`encore_config.rules.generate`. Out:
a :class:`Rule` for each code. That page is the owner of every text here; nothing else may hold
one.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Final

from encore_config.codec import decode
from encore_config.diagnostics import Code
from encore_config.document import SCHEMA_VERSION, SchemaVersion, Value

FILE: Final = "rules.json"
_ARTICLES: Final = ("a", "an", "the")


class Rule(Value, frozen=True, kw_only=True):
    """One code. ``title`` is its heading; ``markdown`` what stands below, examples included."""

    code: Code
    title: str
    markdown: str

    @property
    def name(self) -> str:
        """The title as one word: ``TwoBucketsOfOneName``."""
        title = self.title.replace("'", "")
        words = [word for word in re.findall(r"\w+", title) if word not in _ARTICLES]
        return "".join(word[0].upper() + word[1:] for word in words)

    @property
    def anchor(self) -> str:
        """The heading's anchor, as GitHub makes it: lower case, no punctuation, ``-`` for space."""
        kept = re.sub(r"[^\w\- ]", "", f"{self.code}: {self.title}".lower())
        return kept.replace(" ", "-")

    @property
    def short(self) -> str:
        """The title as a sentence without marks."""
        text = unmarked(self.title)
        return f"{text[0].upper()}{text[1:]}."

    @property
    def full(self) -> str:
        """The paragraph that says what and why, without marks."""
        return unmarked(" ".join(self.markdown.partition("\n\n")[0].split("\n")))


class Rules(Value, frozen=True, kw_only=True):
    """Every code, sorted as on the page."""

    schema: SchemaVersion = SCHEMA_VERSION
    rules: tuple[Rule, ...]


def load() -> dict[str, Rule]:
    """The rules by code, as they were written into the package."""
    data = (resources.files("encore_config.rules") / FILE).read_bytes()
    return {rule.code: rule for rule in decode(data, Rules).rules}


def unmarked(markdown: str) -> str:
    """Markdown as plain text: no fences, no backticks, links as their text."""
    rows = [row for row in markdown.split("\n") if not row.startswith("```")]
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", "\n".join(rows)).replace("`", "")
