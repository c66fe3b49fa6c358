"""The initramfs: read back by cpio's rules, and modules in the order they need."""

import gzip
import io
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vm.initrd import Entry, archive, load_order, unpacked


def read(data):
    """The entries of an archive: (name, mode, content)."""
    stream, found = io.BytesIO(data), []
    while True:
        head = stream.read(110)
        assert head[:6] == b"070701"
        fields = [int(head[start : start + 8], 16) for start in range(6, 110, 8)]
        name = stream.read(fields[11])[:-1].decode()
        stream.read(-stream.tell() % 4)
        content = stream.read(fields[6])
        stream.read(-stream.tell() % 4)
        if name == "TRAILER!!!":
            assert stream.read() == b""
            return found
        found.append((name, fields[1], content))


def test_folders_come_before_what_is_in_them_and_once():
    entries = [Entry("early/a/1.ko", b"1"), Entry("early/2.ko", b"22"), Entry("init", b"#!", 0o755)]
    assert [(name, oct(mode)) for name, mode, _ in read(archive(entries))] == [
        ("early", "0o40755"),
        ("early/a", "0o40755"),
        ("early/a/1.ko", "0o100644"),
        ("early/2.ko", "0o100644"),
        ("init", "0o100755"),
    ]


@given(st.dictionaries(st.text("abc", min_size=1, max_size=9), st.binary(max_size=30), max_size=6))
def test_every_content_comes_back(files):
    found = read(archive(Entry(name, data) for name, data in files.items()))
    assert {name: content for name, _, content in found} == files


DEPENDS = """kernel/net/d.ko: kernel/lib/c.ko kernel/lib/b-x.ko kernel/lib/a.ko.xz
kernel/lib/c.ko: kernel/lib/b-x.ko kernel/lib/a.ko.xz
kernel/lib/b-x.ko: kernel/lib/a.ko.xz
kernel/lib/a.ko.xz:
"""


@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        (["a"], ["kernel/lib/a.ko.xz"]),
        (["b_x"], ["kernel/lib/a.ko.xz", "kernel/lib/b-x.ko"]),
        (["d", "a"], ["kernel/lib/a.ko.xz", "kernel/lib/b-x.ko", "kernel/lib/c.ko", "kernel/net/d.ko"]),
        (["ext4", "a"], ["kernel/lib/a.ko.xz"]),
    ],
)
def test_a_module_is_loaded_after_what_it_needs(wanted, order):
    assert load_order(wanted, DEPENDS, "kernel/fs/ext4/ext4.ko\n") == order


def test_a_module_that_no_kernel_has_is_named():
    with pytest.raises(KeyError, match="zz"):
        load_order(["zz"], DEPENDS)


def test_packed_modules_are_unpacked():
    assert unpacked("a.ko.xz", lzma.compress(b"module")) == b"module"
    assert unpacked("a.ko.gz", gzip.compress(b"module")) == b"module"
    assert unpacked("a.ko", b"module") == b"module"
