"""The stand-in as a process, to try the action by hand: python -m tests.github.hub --port 8080 --state DIR

DIR/state.json, if it is there, has what the repository holds: {"files": {"path": "text"}, "pulls": [{"number": 7,
"branch": "change", "sha": "…"}], "comments": [{"number": 7, "body": "…"}]}. At the end, with Ctrl-C or SIGTERM,
DIR/log.json has the requests, what was against GitHub's description, and the comments.
"""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path

from tests.github.hub import Contract, Hub
from tests.github.hub.state import State


def main() -> int:
    """1 when something was against the description."""
    parser = argparse.ArgumentParser(prog="python -m tests.github.hub")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, required=True)
    options = parser.parse_args()
    # before anything is shown: whoever reads the address may end it
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with Hub(Contract("api.github.com"), port=options.port, state=_read(options.state / "state.json")) as hub:
        print(hub.url, flush=True)
        signal.sigwait(signals)
    comments = {number: hub.state.bodies(number) for number in hub.state.pulls}
    log = {"requests": hub.log(), "violations": hub.violations, "comments": comments}
    (options.state / "log.json").write_text(json.dumps(log, indent=2), encoding="utf-8")
    return 1 if hub.violations else 0


def _read(file: Path) -> State:
    state = State()
    told = json.loads(file.read_bytes()) if file.exists() else {}
    for path, content in told.get("files", {}).items():
        state.put(path, content)
    for pull in told.get("pulls", ()):
        state.pull(**pull)
    for comment in told.get("comments", ()):
        state.comment(**comment)
    return state


if __name__ == "__main__":
    raise SystemExit(main())
