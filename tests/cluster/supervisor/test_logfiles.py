"""Logs stay within bounds while their writers keep them open."""

from pyk8s.cluster.supervisor import logfiles


def test_a_long_log_is_set_aside_and_its_writer_goes_on_at_the_new_end(tmp_path):
    with (tmp_path / "etcd.log").open("ab") as log:
        log.write(b"x" * 100)
        log.flush()
        assert logfiles.shorten(tmp_path, longest=99) == [tmp_path / "etcd.log"]
        log.write(b"after")
    assert (tmp_path / "etcd.log").read_bytes() == b"after"
    assert (tmp_path / "etcd.log.1").read_bytes() == b"x" * 100


def test_short_logs_and_other_files_are_left_alone(tmp_path):
    (tmp_path / "a.log").write_text("short")
    (tmp_path / "b.txt").write_text("long" * 100)
    assert logfiles.shorten(tmp_path, longest=99) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log", "b.txt"]
