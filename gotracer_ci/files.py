"""The one file writer and the one bounded reader.

A file is replaced as a whole or not at all: the data go to a temporary file beside it, which takes the file's name once
it is complete on disk. A process that is killed or a full disk leaves the old file, or none. A kill can also leave the
temporary file, `.gotracer-ci-*.tmp`; it is safe to delete, and its random name never gets in the way of a later run.

The last part of a path is never followed as a symbolic link: a link is replaced by the file, and what it points to
stays as it is. The directories of a path may be links, because a user named them; `inside` confines them where the
content of the directory tree is not trusted. A trace is never replaced: as the name of an output it is a slip.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from gotracer_ci.beginnings import is_trace
from gotracer_ci.errors import FileError, MissingFileError

# Windows lacks some of these flags, and needs one of its own so that it leaves line ends alone.
_COMMON: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NONBLOCK: Final = getattr(os, "O_NONBLOCK", 0)
_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_BOM: Final = b"\xef\xbb\xbf"
_KINDS: Final = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read(path: Path, limit: int) -> bytes:
    """Return the content of a regular file.

    Args:
        limit: bytes; a larger file is an error.

    Raises:
        MissingFileError: the file does not exist.
        FileError: it is not a regular file, or too large or unreadable.
    """
    try:
        _require_regular(path, os.stat(path))
        # Another process may have replaced the file meanwhile, so check again, and do not block on opening a pipe.
        with open(os.open(path, os.O_RDONLY | _NONBLOCK | _COMMON), "rb") as file:
            _require_regular(path, os.fstat(file.fileno()))
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise MissingFileError(path, "no such file") from None
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror}") from None
    if len(data) > limit:
        raise FileError(path, f"exceeds the limit of {limit:,} bytes")
    return data


def read_text(path: Path, limit: int) -> str:
    """Return the text of a regular UTF-8 file.

    Raises:
        FileError: as `read`, or the file is not UTF-8.
    """
    data = read(path, limit)
    if data.startswith(_BOM):
        raise FileError(path, "starts with a byte order mark", "save it as UTF-8 without one")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise FileError(path, f"not UTF-8 at byte {error.start:,}", "save it as UTF-8") from None


def parse_json(text: str, path: object) -> Any:
    """Return the value of a JSON text. path: the text's name in errors.

    Raises:
        FileError: it is not JSON, or nested too deeply, or has a number of thousands of digits.
    """
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FileError(path, f"not valid JSON at line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise FileError(path, f"not valid JSON: {_excess(error)}") from None


def parse_toml(text: str, path: object) -> dict[str, Any]:
    """Return the values of a TOML text. path: the text's name in errors.

    Raises:
        FileError: it is not TOML, or nested too deeply, or has a number of thousands of digits.
    """
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FileError(path, f"not valid TOML: {error}") from None
    except (ValueError, RecursionError) as error:
        raise FileError(path, f"not valid TOML: {_excess(error)}") from None


def check_writable(path: Path, inside: Path | None = None) -> None:
    """Raise the error that `write` would raise, as far as it is known before writing.

    Raises:
        FileError: the file cannot be written.
    """
    try:
        target = _target(path, inside)
        if target is None:
            return
        old = _checked(path, target, inside)
        if old is None or not _is_written_directly(old):
            _check_directory(path)
    except OSError as error:
        raise _unwritable(path, error) from None


def write(path: Path, data: bytes, inside: Path | None = None) -> None:
    """Write a file as a whole, and create its directory. Pipes and devices are written to directly.

    Args:
        inside: refuse a path that leads out of this directory through `..` or links, and everything that is not a
            regular file.

    Raises:
        FileError: the file cannot be written; an existing one is unchanged.
    """
    with replacing(path, inside) as put:
        put(data)


@contextmanager
def replacing(path: Path, inside: Path | None = None) -> Iterator[Callable[[bytes | memoryview], object]]:
    """Yield a function that writes a file piece by piece. The file is there once the block ends without an error.

    Pipes, devices and `inside`: as for `write`.

    Raises:
        FileError: the file cannot be written; an existing one is unchanged.
    """
    try:
        target = _target(path, inside)
        old = None if target is None else _checked(path, target, inside)
        if target is None or (old is not None and _is_written_directly(old)):
            # a reader that closes a pipe early is not an error
            descriptor = os.open(target, os.O_WRONLY | _NOFOLLOW | _COMMON) if target else os.dup(_descriptor(path))
            with suppress(BrokenPipeError), open(descriptor, "wb", buffering=0):
                yield partial(_write_all, descriptor)
            return
        _check_directory(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _drafted(target, old) as descriptor:
            yield partial(_write_all, descriptor)
    except OSError as error:
        raise _unwritable(path, error) from None


def append(path: Path, data: bytes) -> None:
    """Append all data to a file that other processes append to as well, or nothing.

    Raises:
        FileError: it cannot be written.
    """
    try:
        if _descriptor(path) >= 0:
            write(path, data)
            return
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NOFOLLOW | _NONBLOCK | _COMMON
        with open(os.open(path, flags, 0o666), "ab", buffering=0) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISCHR(found.st_mode):
                _require_regular(path, found)
            try:
                _write_all(file.fileno(), data)
            except OSError:
                if stat.S_ISREG(found.st_mode):
                    os.ftruncate(file.fileno(), found.st_size)
                raise
    except OSError as error:
        raise _unwritable(path, error) from None


class NewFile:
    """A file that grows while its data arrive. What has been written stays, however the process ends.

    Raises:
        FileError: the file exists, or cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _COMMON, 0o666)
        except FileExistsError:
            raise FileError(path, "exists already", "name another file, because it is never overwritten") from None
        except OSError as error:
            raise _unwritable(path, error) from None

    def write(self, data: bytes) -> None:
        """Write all data, or as much as the disk has room for.

        Raises:
            FileError: a part could not be written.
        """
        rest = memoryview(data)
        try:
            while rest:
                written = os.write(self._descriptor, rest)
                self.size += written
                rest = rest[written:]
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def close(self) -> None:
        """Close the file, and remove it if it is empty."""
        with suppress(OSError):
            os.fsync(self._descriptor)
        os.close(self._descriptor)
        if not self.size:
            with suppress(OSError):
                self.path.unlink()


@contextmanager
def locked(path: Path, inside: Path | None = None, *, create: bool = False) -> Iterator[None]:
    """Let only one process at a time read, change and write a file.

    The lock is on the directory, so it leaves no file behind and ends with the process.

    Args:
        inside: as for `write`.
        create: create the file's directory. There is no lock without one.

    Raises:
        FileError: the directory cannot be created.
    """
    try:
        target = _target(path, inside)
        if target is not None and create:
            target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from None
    descriptor = -1 if target is None else _lock(target.parent)
    try:
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _lock(directory: Path) -> int:
    """Return an open descriptor that holds the lock, or -1 where the system cannot lock a directory."""
    try:
        import fcntl
    except ImportError:  # Windows
        return -1
    descriptor = -1
    try:
        descriptor = os.open(directory, os.O_RDONLY | _COMMON)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        # The directory is missing or its file system has no locks. Updating without a lock is better than failing.
        if descriptor >= 0:
            os.close(descriptor)
        return -1
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _require_regular(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise FileError(path, f"is {_kind(found)}, not a regular file")


def _kind(found: os.stat_result) -> str:
    return _KINDS.get(stat.S_IFMT(found.st_mode), "something else")


def _excess(error: Exception) -> str:
    deep = isinstance(error, RecursionError)
    return "its brackets are nested too deeply" if deep else "it has a number with thousands of digits"


def _descriptor(path: Path) -> int:
    """Return the descriptor of this process that a path stands for, or -1."""
    name = str(path)
    if name in ("/dev/stdout", "/dev/stderr"):
        return 1 if name == "/dev/stdout" else 2
    directory, _, number = name.rpartition("/")
    is_number = number.isascii() and number.isdecimal() and len(number) < 6
    return int(number) if is_number and directory in ("/dev/fd", "/proc/self/fd") else -1


def _target(path: Path, inside: Path | None) -> Path | None:
    """Return the path with its directories resolved; None for a descriptor of this process.

    Raises:
        FileError: it is outside of the directory `inside`.
    """
    if inside is None and _descriptor(path) >= 0:
        return None
    directory = Path(os.path.realpath(path.parent))
    if inside is not None and not directory.is_relative_to(os.path.realpath(inside)):
        raise FileError(path, "cannot be written: it is outside of the workspace", "name a file in it")
    return directory / path.name


def _checked(path: Path, target: Path, inside: Path | None) -> os.stat_result | None:
    """Return what is at the target, None for nothing or a link, both of which a file replaces.

    Raises:
        FileError: it must not be replaced, nor written to.
    """
    try:
        old = os.lstat(target)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(old.st_mode):
        return None
    if not stat.S_ISREG(old.st_mode) and (inside is not None or not _is_written_directly(old)):
        raise FileError(path, f"cannot be written: it is {_kind(old)}")
    if not os.access(target, os.W_OK):
        raise FileError(path, "cannot be written: Permission denied")
    if stat.S_ISREG(old.st_mode) and is_trace(target):
        raise FileError(path, "cannot be written: it is a trace", "name another file, or delete it first")
    return old


def _check_directory(path: Path) -> None:
    """Check that a file's directory can be written to, or created."""
    directory = next((above for above in path.parents if above.exists()), path.parent)
    if not directory.is_dir():
        raise FileError(path, f"cannot be written: {directory} is not a directory")
    if not os.access(directory, os.W_OK):
        raise FileError(path, "cannot be written: Permission denied")


def _is_written_directly(found: os.stat_result) -> bool:
    return stat.S_ISFIFO(found.st_mode) or stat.S_ISCHR(found.st_mode)


def _write_all(descriptor: int, data: bytes | memoryview) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


@contextmanager
def _drafted(target: Path, old: os.stat_result | None) -> Iterator[int]:
    """Yield a descriptor of a new file, which then takes the target's name."""
    draft = target.with_name(f".gotracer-ci-{os.urandom(8).hex()}.tmp")
    try:
        # Inside the block, because Ctrl-C may arrive between the file's creation and the next line.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _COMMON, 0o666)
        try:
            if old is not None and hasattr(os, "fchown"):
                _resemble(descriptor, old)
            yield descriptor
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(draft, target)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    # Sync the new name to disk as well; not every system supports this.
    with suppress(OSError):
        directory = os.open(target.parent, os.O_RDONLY | _COMMON)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _resemble(descriptor: int, old: os.stat_result) -> None:
    """Copy owner and permissions from the file to replace to the new file, as far as the user is allowed to."""
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with suppress(OSError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & 0o777)


def _unwritable(path: Path, error: OSError) -> FileError:
    return FileError(path, f"cannot be written: {error.strerror}")
