"""`python -m tests.same OLD NEW`: what differs between the JSON reports of two installations of gotracer-ci.

For a change that must not change results. OLD and NEW are the two commands. Each committed trace is analyzed alone,
with the committed baseline, and together with all others. Differences are counted by member; texts are for people and
may be reworded. The exit code is 1 if anything else differs.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tests.conftest import NAMES, PROGRAMS, ROOT, path_of

TEXTS = {"message", "detail", "suggestion", "summary", "evidence", "more", "woken_by", "notes", "warnings", "damage"}


def report(command: str, arguments: list[str]) -> dict[str, Any]:
    """Return the report with its exit code, which is a result too."""
    line = [command, "analyze", "--format", "json", *arguments]
    done = subprocess.run(line, cwd=PROGRAMS, capture_output=True, check=False)
    return {**json.loads(done.stdout), "exit_code": done.returncode}


def differences(old: Any, new: Any, member: str = "") -> Iterator[str]:
    """Yield each member that differs; members of lists have no index, so that equal ones can be counted."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from (f"{member}.{name}: added" for name in new.keys() - old.keys())
        yield from (f"{member}.{name}: gone" for name in old.keys() - new.keys())
        for name in old.keys() & new.keys():
            yield from differences(old[name], new[name], f"{member}.{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from differences(before, after, f"{member}[]")
    elif old != new:
        is_text = isinstance(old, str) and member.removesuffix("[]").rpartition(".")[2] in TEXTS
        yield f"{member}: reworded" if is_text else f"{member}: {old!r:.80} → {new!r:.80}"


def main(old: str, new: str) -> int:
    paths = [path_of(name) for name in NAMES]
    baseline = ["--baseline", str(ROOT / "testdata" / "baseline.json")]
    runs = [*([path] for path in paths), *([path, *baseline] for path in paths), paths]
    with ThreadPoolExecutor() as pool:
        pairs = zip(pool.map(partial(report, old), runs), pool.map(partial(report, new), runs), strict=True)
        found = Counter(line for before, after in pairs for line in differences(before, after))
    for line, count in found.most_common():
        print(f"{count:6}  {line}")
    changed = sum(count for line, count in found.items() if not line.endswith(": reworded"))
    print(f"{len(runs)} runs, {changed} differences besides rewording")
    return int(changed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
