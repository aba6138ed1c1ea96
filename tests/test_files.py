"""`write_whole`: all or nothing, with the permissions, links and devices that were there."""

import os
import re
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograd import files
from autograd.files import target_of, write_whole

posix = pytest.mark.skipif(os.name != "posix", reason="permissions, links and pipes are POSIX's")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is not there yet, alone in its folder."""
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder / "whole.bin"


def test_the_bytes_are_those_given(path: Path) -> None:
    """In a new file and in one that is replaced, by a path or its name; nothing else is in the folder."""
    for content, name in ((b"\x00\r\n\xff" * 1000, path), (b"", str(path)), (b"again", path)):
        write_whole(name, content)
        assert path.read_bytes() == content
        assert list(path.parent.iterdir()) == [path]


@posix
@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_a_new_file_has_the_mode_of_the_umask(path: Path, mask: int) -> None:
    """As if `open` had made it."""
    before = os.umask(mask)
    try:
        write_whole(path, b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


@posix
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_an_old_file_keeps_its_mode(path: Path, mode: int) -> None:
    """A private file stays private."""
    path.write_bytes(b"old")
    path.chmod(mode)
    write_whole(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b"new"


@posix
def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    """Its target is replaced, in the target's folder; also at the end of several links, and where the target is not there."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.symlink_to(second)
    second.symlink_to(Path("folder") / path.name)
    for content in (b"made", b"replaced"):
        write_whole(first, content)
        assert first.is_symlink()
        assert second.is_symlink()
        assert not path.is_symlink()
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]
    assert sorted(tmp_path.iterdir()) == sorted([first, path.parent, second])


@posix
def test_a_pipe_is_written_into(path: Path) -> None:
    """Its reader gets the bytes, and it is still a pipe."""
    os.mkfifo(path)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()), daemon=True)
    reader.start()
    write_whole(path, b"through the pipe")
    reader.join(timeout=20)
    assert received == [b"through the pipe"]
    assert stat.S_ISFIFO(path.stat().st_mode)


@posix
def test_a_device_is_written_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not replaced by a file."""

    def refuse(*_: Any) -> None:
        raise AssertionError("a device was to be replaced")

    for replacing in ("os.replace", "os.rename", "pathlib.Path.replace", "pathlib.Path.rename"):
        monkeypatch.setattr(replacing, refuse)  # should the test fail, the machine keeps its device
    write_whole(os.devnull, b"into nothing")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@posix
def test_a_name_may_be_as_long_as_the_system_allows(path: Path) -> None:
    """250 bytes, in characters of one byte and of two: what is unfinished bears another, shorter name."""
    for name in ("n" * 250, "ä" * 125):
        long = path.with_name(name)
        write_whole(long, b"old")
        write_whole(long, b"new")
        assert long.read_bytes() == b"new"


def test_eight_threads_write_one_file(path: Path) -> None:
    """Whoever reads meanwhile finds the bytes of one of them, whole; in the end no other file is left."""
    contents = [bytes([65 + k]) * 100_000 for k in range(8)]
    write_whole(path, contents[0])
    failures: list[BaseException] = []

    def work(content: bytes) -> None:
        try:
            for _ in range(5):
                write_whole(path, content)
                assert path.read_bytes() in contents
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits
            failures.append(error)

    threads = [threading.Thread(target=work, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert path.read_bytes() in contents
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("the disk is full")], ids=["interrupt", "error"])
@pytest.mark.parametrize("old", [b"old", None], ids=["replaced", "new"])
def test_a_failing_write_changes_nothing(
    path: Path, old: bytes | None, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old bytes stay, the error goes on to the caller, and no unfinished file is left."""
    if old is not None:
        path.write_bytes(old)

    def fail(_: int) -> None:
        raise error

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(type(error)):
        write_whole(path, b"never")
    assert [each.read_bytes() for each in path.parent.iterdir()] == ([] if old is None else [old])


def test_the_bytes_are_on_the_disk_before_they_take_their_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that loses its power leaves no file with a name and without its bytes."""
    path.write_bytes(b"old")
    found: list[list[bytes]] = []
    monkeypatch.setattr("os.fsync", lambda _: found.append(sorted(each.read_bytes() for each in path.parent.iterdir())))
    write_whole(path, b"new")
    assert found == [[b"new", b"old"]]


def interrupted_at_every_line(call: Any) -> Iterator[None]:
    """Call again and again, with an interrupt at the first line, the second and so on; yields after each."""
    for line in range(2_000):
        lines = iter(range(line))

        def trace(frame: Any, event: str, _: Any, lines: Any = lines) -> Any:
            if event == "line" and next(lines, None) is None:
                sys.settrace(None)
                raise KeyboardInterrupt
            return trace

        outer = sys.gettrace()
        sys.settrace(trace)
        try:
            call()
        except KeyboardInterrupt:
            sys.settrace(outer)
            yield
        else:
            return
        finally:
            sys.settrace(outer)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file closed by its end alone
def test_an_interrupt_at_any_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old bytes or the new ones, and nothing beside them."""
    monkeypatch.setattr("os.fsync", lambda _: None)
    path.write_bytes(b"old")
    count = 0
    for _ in interrupted_at_every_line(lambda: write_whole(path, b"new")):
        assert [each.read_bytes() for each in path.parent.iterdir()] in ([b"old"], [b"new"])
        path.write_bytes(b"old")
        count += 1
    assert count > 10
    assert path.read_bytes() == b"new"


@posix
def test_a_planted_link_is_not_followed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who guesses the name of an unfinished file and plants a link there does not get another file overwritten."""
    victim = path.with_name("victim")
    victim.write_bytes(b"precious")
    path.write_bytes(b"old")
    monkeypatch.setattr("os.urandom", lambda count: b"g" * count)
    names: list[str] = []
    monkeypatch.setattr("os.fsync", lambda _: names.extend({*os.listdir(path.parent)} - {path.name, victim.name}))  # noqa: PTH208 - names alone
    write_whole(path, b"new")
    (name,) = names
    path.with_name(name).symlink_to(victim)
    with pytest.raises(FileExistsError):
        write_whole(path, b"newer")
    assert victim.read_bytes() == b"precious"
    assert path.read_bytes() == b"new"


def test_what_cannot_be_written(path: Path) -> None:
    """A missing folder is named with the way to make it; a folder is not replaced by a file."""
    with pytest.raises(FileNotFoundError, match=r"cannot write .*there is no folder .*missing; make it first, with Path.mkdir"):
        write_whole(path.parent / "missing" / "a.txt", b"")
    with pytest.raises(OSError, match="folder"):
        write_whole(path.parent, b"")
    assert list(path.parent.iterdir()) == []
    assert [each.name for each in path.parent.parent.iterdir()] == ["folder"]


def test_there_is_no_other_writer() -> None:
    """Every file that the engine and the networks write goes through `write_whole`."""
    writes = re.compile(
        r"\.(write_text|write_bytes)\(|\bopen\([^)]*[\"'][wxa]|savefig\((?!image)|\.(dump|tofile|savez?)\(\w+, (path|file)"
    )
    for package in ("autograd", "nn"):
        for module in (Path(__file__).parents[1] / package).rglob("*.py"):
            if module != Path(files.__file__):
                code = re.sub(r'"""(.*?)"""', "", module.read_text(encoding="utf-8"), flags=re.DOTALL)
                assert not writes.search(code), f"{module} writes a file by itself"


@posix
def test_the_file_that_would_be_written(path: Path) -> None:
    """Is where a link leads; it need not be there, but its folder must."""
    link = path.with_name("link")
    link.symlink_to(path)
    assert target_of(link) == target_of(str(path)) == Path(os.path.realpath(path))
    assert not path.exists()
    with pytest.raises(
        FileNotFoundError, match=r"cannot write .*: there is no folder .*nowhere; make it first, with Path.mkdir"
    ):
        target_of(path.parent / "nowhere" / "a")


def test_what_need_not_last_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is whole all the same."""
    waits: list[int] = []
    monkeypatch.setattr("os.fsync", waits.append)
    files.write_whole(tmp_path / "code", b"whole", lasting=False)
    assert ((tmp_path / "code").read_bytes(), waits) == (b"whole", [])
    files.write_whole(tmp_path / "code", b"lasts")
    assert len(waits) == 1
