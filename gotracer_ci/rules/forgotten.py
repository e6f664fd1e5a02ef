"""Tell from a library's function what the program forgot: whoever waits there can end only if the program acts."""

from __future__ import annotations

from collections.abc import Sequence

_BY_ENTRY = {
    "net/http.(*persistConn).readLoop": "a response body that was neither closed nor read to its end",
    "net/http.(*persistConn).writeLoop": "the connection of a response body that was neither closed nor read",
    "database/sql.(*DB).connectionOpener": "a sql.DB that was not closed; one for the whole program is fine",
    "database/sql.(*Tx).awaitDone": "a transaction that was neither committed nor rolled back",
    "database/sql.(*Rows).awaitDone": "rows that were not closed",
    "os/exec.(*Cmd).watchCtx": "a command whose Wait was not called",
}
_BY_PREFIX = {
    "context.": "a context that was not cancelled",
    "os/signal.NotifyContext.": "a context of signal.NotifyContext whose stop function was not called",
    "os/exec.(*Cmd).": "a command whose Wait was not called",
    "google.golang.org/grpc": "a gRPC connection or server that was not closed",
    "runtime.corostart": "an iterator of iter.Pull whose stop function was not called",
}
_BY_WAIT = {
    "io.(*pipe).read": "an io.Pipe whose writer was not closed",
    "io.(*pipe).write": "an io.Pipe whose reader was not closed",
}


def forgotten(entry: str, functions: Sequence[str]) -> str:
    """Return what the program probably forgot, "" if unknown.

    Args:
        entry: the goroutine's first function.
        functions: those on its stack, leaf first.
    """
    by_prefix = (text for prefix, text in _BY_PREFIX.items() if entry.startswith(prefix))
    by_wait = (_BY_WAIT[function] for function in functions if function in _BY_WAIT)
    return _BY_ENTRY.get(entry) or next(by_prefix, None) or next(by_wait, "")
