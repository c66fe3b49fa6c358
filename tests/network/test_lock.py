import fcntl
import os

import pytest

from pyk8s.network.errors import ReservationLost
from pyk8s.network.lock import locked


def is_locked(folder):
    descriptor = os.open(folder / "lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_the_folder_is_made_and_held_until_the_end(tmp_path):
    folder = tmp_path / "a" / "b"
    with locked(folder):
        assert is_locked(folder)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "lock").stat().st_mode & 0o777 == 0o600
    assert not is_locked(folder)


def test_what_fails_inside_names_the_file_and_lets_go(tmp_path):
    with pytest.raises(ReservationLost, match="nothing-here: No such file"), locked(tmp_path):
        (tmp_path / "nothing-here").read_text()
    assert not is_locked(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReservationLost, match="file"), locked(tmp_path / "file" / "folder"):
        pass


def test_a_mistake_inside_stays_what_it_is(tmp_path):
    with pytest.raises(KeyError), locked(tmp_path):
        raise KeyError("ours")
    assert not is_locked(tmp_path)
