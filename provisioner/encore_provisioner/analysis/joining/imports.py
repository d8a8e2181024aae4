"""Where imports lead for Encore, and where for TypeScript (contract A1).

In: the facts of all files and the import resolver. Out: findings. What stands on the disk beside
the source is asked anew each time, since no fact may depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from encore_provisioner.analysis.facts import Facts, Specifier
from encore_provisioner.analysis.files import look_into_skipped
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.imports import ImportResolver, Resolved

_NOWHERE: Final = "correct the path, or generate the file before the build"

Followed = tuple[str, Specifier, Resolved]
"""A file, what it imports, and where that leads."""


def check_imports(
    facts: Sequence[Facts], imports: ImportResolver, root: Path, findings: Findings
) -> None:
    followed = [
        (file.path, specifier, imports.resolve(file.path, specifier.text))
        for file in facts
        for specifier in file.outside
    ]
    for importer, specifier, found in followed:
        if found.unseen:
            message = f"TypeScript finds `{specifier.text}`, but Encore's build does not"
            findings.add("E0106", specifier.place, message, hint=found.unseen)
        if found.skipped:
            look_into_skipped(root, found.skipped, findings)
        if found.file is None:
            _report_nowhere(importer, specifier, imports, findings)
    declaring = {file.path for file in facts if file.declared}
    _report_scripts((each for each in followed if each[2].file in declaring), findings)


def _report_nowhere(
    importer: str, specifier: Specifier, imports: ImportResolver, findings: Findings
) -> None:
    """Encore follows ``export … from`` only where a name is looked for, so it goes on there."""
    message = f"`{specifier.text}` leads to no file"
    if not specifier.passed_on:
        message += ", and Encore's build stops there"
    meant = imports.meant(importer, specifier.text)
    hint = f"did you mean `{meant}`?" if meant else _NOWHERE
    findings.add("W0104", specifier.place, message, hint=hint)


def _report_scripts(followed: Iterable[Followed], findings: Findings) -> None:
    """A script beside a source that declares something: once for each, at its first import.

    Where the source declares nothing, Encore loses nothing by looking into the other file.
    """
    scripts: dict[str, list[Followed]] = {}
    for each in followed:
        if each[2].script:
            scripts.setdefault(each[2].script, []).append(each)
    for script, (first, *others) in sorted(scripts.items()):
        _, specifier, found = first
        message = f"Encore takes `{specifier.text}` for `{script}`"
        hint = f"remove that file, or Encore sees no use of what `{found.file}` declares"
        places = [("here too", other.place) for _, other, _ in others]
        findings.add("W0106", specifier.place, message, hint=hint, related=places)
