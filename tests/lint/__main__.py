"""`python -m tests.lint`: run all linters of workflows and metadata on our own files and those in the docs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.lint import blocks
from tests.lint.actionlint import actionlint

ROOT = blocks.ROOT
BIN = Path(sys.executable).parent
OURS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def runs(*command: str | Path) -> bool:
    """Run a linter of the virtual environment and report whether it finds no problem."""
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, check=False)
    return done.returncode == 0


def zizmor(*arguments: str | Path) -> bool:
    return runs("zizmor", "--offline", "--quiet", "--strict-collection", *arguments)


def follows(schema: str, *files: str | Path) -> bool:
    return runs("check-jsonschema", "--quiet", "--builtin-schema", f"vendor.{schema}", *files)


def main() -> int:
    directory = ROOT / "build" / "lint" / ".github" / "workflows"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    shown = blocks.write(directory)
    found = actionlint([*OURS, *shown])
    print(found, end="")
    clean = (
        not found,
        zizmor("--persona", "auditor", "action.yml", ".github"),
        # stricter linters require names, timeouts and reasons that would clutter the examples
        zizmor("--config", "tests/lint/zizmor.yml", *shown),
        follows("github-workflows", *OURS, *shown),
        follows("github-actions", "action.yml"),
        follows("dependabot", ".github/dependabot.yml"),
        runs("hadolint", "Dockerfile"),
    )
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
