"""How long ``npx tsc --noEmit`` takes for an app, or why it was not timed.

TypeScript and ``encore.dev`` come from npm into a temporary folder beside the app. The clients
that Encore would generate are written as declarations, so that the compiler really passes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_PACKAGES: Final = {
    "private": True,
    "dependencies": {"encore.dev": "^1.58.6"},
    "devDependencies": {"@types/node": "^22.0.0", "typescript": "^5.9.0"},
}
_OPTIONS: Final = {
    "compilerOptions": {
        "target": "ES2022",
        "lib": ["ES2022", "ESNext.Disposable"],
        "module": "ES2022",
        "moduleResolution": "bundler",
        "types": ["node"],
        "paths": {"~encore/*": ["./encore.gen/*"]},
        "strict": True,
        "isolatedModules": True,
        "skipLibCheck": True,
        "noEmit": True,
    },
    "exclude": ["**/*.test.ts"],
}


def seconds_of(root: Path, clients: Mapping[str, str]) -> float | str:
    """``clients`` are the files of ``encore.gen`` by their path."""
    if shutil.which("npm") is None:
        return "NOT TIMED: npm is not installed"
    folder = root.parent
    (folder / "package.json").write_text(json.dumps(_PACKAGES), encoding="utf-8")
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"NOT TIMED: npm cannot install TypeScript ({done.stderr.strip()[:80]})"
    for name, text in clients.items():
        path = root / "encore.gen" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "tsconfig.json").write_text(json.dumps(_OPTIONS), encoding="utf-8")
    start = time.perf_counter()
    command = [
        "node",
        "--max-old-space-size=12000",
        "../node_modules/typescript/bin/tsc",
        "--noEmit",
    ]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    took = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(
            f"the compiler refuses the app:\n{done.stdout[:3000]}{done.stderr[:500]}"
        )
    return took
