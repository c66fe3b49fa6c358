import pytest

from pyk8s.kernel.mount.values import Mount, Mounted, Put, Unmount, parse_mountinfo, plan


def seen(target, kind="ext4", *options):
    return Mounted(target, kind, "/dev/x", "/", frozenset(options or ("rw",)))


BIND = Mount("/v/data", source="/src")
TMPFS = Mount("/v/mem", "tmpfs", size=1 << 20)


@pytest.mark.parametrize(
    ("desired", "observed", "actions"),
    [
        pytest.param([BIND], [seen("/v/data")], (), id="there already"),
        pytest.param([BIND, TMPFS], [], (Put(BIND), Put(TMPFS)), id="missing, parents first by their names"),
        pytest.param([TMPFS], [seen("/v/mem")], (Unmount("/v/mem"), Put(TMPFS)), id="of another kind: anew"),
        pytest.param(
            [Mount("/v/data", source="/src", read_only=True)],
            [seen("/v/data")],
            (Unmount("/v/data"), Put(Mount("/v/data", source="/src", read_only=True))),
            id="writable where read-only is wanted: anew",
        ),
        pytest.param([], [seen("/v/a"), seen("/v/a/b"), seen("/w")], (Unmount("/v/a/b"), Unmount("/v/a")), id="stale"),
    ],
)
def test_plan(desired, observed, actions):
    assert plan(desired, observed, under="/v") == actions


def test_without_a_folder_nothing_is_stale():
    assert plan([], [seen("/v/a")]) == ()


def test_mountinfo_is_read_with_optional_fields_and_escapes():
    text = (
        "36 35 98:0 /mnt1 /mnt/with\\040blank rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n"
        "40 35 0:31 / /run/\\134x ro,nosuid - tmpfs tmpfs rw,size=1k\n"
    )
    assert parse_mountinfo(text) == (
        Mounted("/mnt/with blank", "ext3", "/dev/root", "/mnt1", frozenset({"rw", "noatime"})),
        Mounted("/run/\\x", "tmpfs", "tmpfs", "/", frozenset({"ro", "nosuid"})),
    )
