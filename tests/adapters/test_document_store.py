"""The document store: opaque, encrypted, whole or absent, and honest when something was touched."""

import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.document_store import EncryptedFiles
from adapters.ports import DocumentStore, Permanent, Transient

KEY = bytes(range(32))
CONTENT = "Form about Tamati Ōkere, 14A Pūriri Rise".encode()


@pytest.fixture
def store(tmp_path: Path) -> EncryptedFiles:
    return EncryptedFiles(tmp_path / "documents", KEY)


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_content_comes_back_under_a_new_opaque_reference_each_time(store: DocumentStore) -> None:
    first, second = await store.put(CONTENT), await store.put(CONTENT)
    assert first != second
    assert await store.get(first) == await store.get(second) == CONTENT
    assert len(first) == 40
    assert set(first) <= set("0123456789abcdef")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=5000))
async def test_any_content_comes_back_unchanged(store: EncryptedFiles, content: bytes) -> None:
    assert await store.get(await store.put(content)) == content


@pytest.mark.req("PRV-17")
async def test_nothing_of_a_document_is_readable_in_files_or_their_names(
    store: EncryptedFiles, tmp_path: Path
) -> None:
    await store.put(CONTENT)
    await store.put(CONTENT)
    stored = files_of(tmp_path)
    assert len(stored) == 2
    assert len({path.read_bytes() for path in stored}) == 2
    for path in stored:
        for known in (b"Tamati", "Ōkere".encode(), b"Rise", b"Form"):
            assert known not in path.read_bytes()
            assert known.decode() not in str(path.relative_to(tmp_path))


async def test_only_the_owner_may_open_files_and_folders(store: EncryptedFiles, tmp_path: Path) -> None:
    reference = await store.put(CONTENT)
    path = tmp_path / "documents" / reference[:2] / reference[2:4] / reference
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent, tmp_path / "documents"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_changed_bit_a_cut_or_a_swap_is_noticed(store: EncryptedFiles, tmp_path: Path) -> None:
    reference, other = await store.put(CONTENT), await store.put(b"another form")
    paths = {path.name: path for path in files_of(tmp_path)}
    sealed = paths[reference].read_bytes()
    for position in (0, 4, 20, len(sealed) - 1):
        paths[reference].write_bytes(
            sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        )
        with pytest.raises(Permanent):
            await store.get(reference)
    for length in (0, 3, 15, len(sealed) - 1):
        paths[reference].write_bytes(sealed[:length])
        with pytest.raises(Permanent):
            await store.get(reference)
    paths[reference].write_bytes(paths[other].read_bytes())
    with pytest.raises(Permanent, match="altered"):
        await store.get(reference)
    paths[reference].write_bytes(sealed)
    assert await store.get(reference) == CONTENT


async def test_another_key_opens_nothing(store: EncryptedFiles, tmp_path: Path) -> None:
    reference = await store.put(CONTENT)
    with pytest.raises(Permanent, match="key"):
        await EncryptedFiles(tmp_path / "documents", bytes(32)).get(reference)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_the_wrong_length_is_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        EncryptedFiles(tmp_path, bytes(length))


@pytest.mark.parametrize(
    "reference", ["", "0" * 40, "../../etc/passwd", "a/b" + "0" * 37, "0" * 41, "0" * 39 + "\n"]
)
async def test_an_unknown_or_impossible_reference_is_permanent(store: EncryptedFiles, reference: str) -> None:
    with pytest.raises(Permanent):
        await store.get(reference)


@pytest.mark.parametrize("call", ["fsync", "rename"])
async def test_a_full_disk_is_worth_a_retry_and_leaves_nothing_behind(
    store: EncryptedFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    await store.put(CONTENT)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/a/path")

    with monkeypatch.context() as fault:
        fault.setattr(os, call, full)
        with pytest.raises(Transient, match="No space left") as refused:
            await store.put(CONTENT)
    assert "/a/path" not in str(refused.value)
    assert len(files_of(tmp_path)) == 1
    assert await store.get(await store.put(CONTENT)) == CONTENT


async def test_a_folder_that_cannot_be_used_is_worth_a_retry(tmp_path: Path) -> None:
    (tmp_path / "documents").write_text("a file stands where the folder should be")
    store = EncryptedFiles(tmp_path / "documents", KEY)
    with pytest.raises(Transient):
        await store.put(CONTENT)
    with pytest.raises(Transient):
        await store.get("0" * 40)
