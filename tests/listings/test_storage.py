"""Files kept by content."""

import hashlib
import io

import pytest

from listings.storage import ContentLost, open_verified, store

CONTENT = b"a,b\n1,2\n"


@pytest.fixture(autouse=True)
def directory(settings, tmp_path):
    """A storage of the test's own."""
    settings.STORAGE_DIRECTORY = tmp_path / "storage"
    return settings.STORAGE_DIRECTORY


def files(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def test_content_is_kept_under_its_hash(directory):
    kept = store(CONTENT)
    assert kept.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert kept.sha512 == hashlib.sha512(CONTENT).hexdigest()
    assert kept.size_bytes == len(CONTENT)
    assert files(directory) == [f"{kept.sha256[:2]}/{kept.sha256}"]
    with open_verified(kept.key, kept.sha256) as file:
        assert file.read() == CONTENT


def test_bytes_paths_and_open_files_are_the_same(tmp_path, directory):
    path = tmp_path / "a.csv"
    path.write_bytes(CONTENT)
    stream = io.BytesIO(CONTENT)
    stream.read()
    assert store(CONTENT) == store(path) == store(stream)
    assert len(files(directory)) == 1


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"a,b\n1,3\n"), lambda path: path.unlink()])
def test_what_is_lost_or_damaged_is_not_handed_out(directory, damage):
    kept = store(CONTENT)
    damage(directory / kept.key)
    with pytest.raises(ContentLost):
        open_verified(kept.key, kept.sha256)


def test_a_file_is_not_read_again_for_everyone_who_asks_until_it_is_written(directory, monkeypatch):
    reads = []
    read = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *given: reads.append(1) or read(*given))
    kept = store(CONTENT + b"again")
    for _ in range(3):
        with open_verified(kept.key, kept.sha256) as file:
            assert file.read() == CONTENT + b"again"
    assert len(reads) == 1
    with pytest.raises(ContentLost):
        open_verified(kept.key, hashlib.sha256(CONTENT).hexdigest())
    (directory / kept.key).write_bytes(CONTENT + b"Again")
    with pytest.raises(ContentLost):
        open_verified(kept.key, kept.sha256)


def test_storing_again_repairs_damage(directory):
    kept = store(CONTENT)
    (directory / kept.key).write_bytes(b"")
    store(CONTENT)
    with open_verified(kept.key, kept.sha256) as file:
        assert file.read() == CONTENT


class Broken(io.BytesIO):
    """A file that fails half-way."""

    def read(self, size=-1):
        if self.tell():
            raise OSError("gone")
        return super().read(4)


def test_a_broken_upload_leaves_nothing(directory):
    with pytest.raises(OSError, match="gone"):
        store(Broken(CONTENT))
    assert files(directory) == []
