"""The page on real code, ``docs/coverage.md``, and the parts of it that scripts write.

In: the page's text, a part's name and its new content. Out: the page's new text. A part stands
between two comments that name it; all else is written by people.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "coverage.md"


def replaced(page: str, part: str, content: str) -> str:
    marks = f"<!-- {part} -->", f"<!-- end of {part} -->"
    between = re.compile(f"({re.escape(marks[0])}\n).*?(\n{re.escape(marks[1])})", re.DOTALL)
    if len(between.findall(page)) != 1:
        raise ValueError(f"the page has no part between {marks[0]} and {marks[1]}, or several")
    return between.sub(lambda found: found[1] + content + found[2], page)
