"""Building images: what comes in, what is said about it, and what is refused."""

import json
import os
import tarfile

import pytest

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images import builtin
from pyk8s.cluster.images.build import build
from pyk8s.cluster.images.compose import Config, compose
from pyk8s.cluster.images.layer import Entry
from pyk8s.cluster.images.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "images")


@pytest.fixture
def context(tmp_path):
    made = tmp_path / "context"
    (made / "web" / "deep").mkdir(parents=True)
    (made / "web" / "index.html").write_text("hello")
    (made / "web" / "deep" / "page").write_text("page")
    (made / "run.sh").write_text("#!/bin/sh\n")
    (made / "run.sh").chmod(0o755)
    return made


def make(store, context, text, **options):
    (context / "Dockerfile").write_text(text)
    return build(store, context, "app", **options)


def files(store, image):
    """Paths of the image's layers, and what they hold or point to."""
    found = {}
    for descriptor in image.manifest.layers:
        with tarfile.open(store.blobs / descriptor.hex) as archive:
            for member in archive:
                if member.isreg():
                    found[member.name] = archive.extractfile(member).read().decode("latin1")
                elif member.issym():
                    found[member.name] = f"-> {member.linkname}"
    return found


def config(store, image):
    return json.loads(store.read(image.manifest.config))


def base(store):
    """An image whose /bin is a link, as Debian's is."""
    entries = [Entry("usr/bin/sh", 0o755, content=b"sh"), Entry("bin", 0o777, link="usr/bin"), Entry("srv", 0o755)]
    said = Config(env={"PATH": "/bin"}, cmd=["/bin/sh"], entrypoint=["/init"], user="7", exposed=["80/tcp"])
    return compose(store, "docker.io/library/base:1", [entries], said)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COPY run.sh /run.sh", {"run.sh": "#!/bin/sh\n"}),
        ("COPY run.sh /bin/", {"bin/run.sh": "#!/bin/sh\n"}),
        ("COPY web /srv", {"srv/index.html": "hello", "srv/deep/page": "page"}),
        ("COPY web/* /srv/", {"srv/index.html": "hello", "srv/page": "page"}),
        ("COPY run.sh web/index.html /x/", {"x/run.sh": "#!/bin/sh\n", "x/index.html": "hello"}),
        ("WORKDIR /srv\nCOPY web/index.html .", {"srv/index.html": "hello"}),
        ("WORKDIR /srv\nWORKDIR app\nCOPY web/index.html i", {"srv/app/i": "hello"}),
        ('COPY ["web/index.html", "/a b"]', {"a b": "hello"}),
    ],
)
def test_what_is_copied_is_where_it_should_be(store, context, text, expected):
    image = make(store, context, f"FROM scratch\n{text}\n")
    found = files(store, image)
    if "web/*" in text:
        expected = {"srv/index.html": "hello", "srv/page": "page"}
        assert found["srv/index.html"] == "hello"
        assert found.get("srv/page", found.get("srv/deep/page")) == "page"
    else:
        assert found == expected


def test_all_of_a_context_without_its_dockerfile_being_special(store, context):
    image = make(store, context, "FROM scratch\nCOPY . /\n")
    assert "web/index.html" in files(store, image)


def test_the_same_folder_gives_the_same_image(store, context):
    text = "FROM scratch\nCOPY web /srv\nENV A=1\n"
    assert make(store, context, text).target == make(store, context, text).target


def test_what_is_said_about_running_it(store, context):
    image = make(
        store,
        context,
        "FROM scratch\nENV A=1\nLABEL l=x\nEXPOSE 80 53/udp\nUSER 5:6\nVOLUME /data\nSTOPSIGNAL SIGQUIT\nWORKDIR /w\n"
        'ENTRYPOINT ["/e"]\nCMD ["c"]\n',
    )
    assert config(store, image)["config"] == {
        "Env": ["A=1"],
        "Cmd": ["c"],
        "Entrypoint": ["/e"],
        "WorkingDir": "/w",
        "User": "5:6",
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "Labels": {"l": "x"},
        "Volumes": {"/data": {}},
        "StopSignal": "SIGQUIT",
    }


def test_a_base_is_kept_and_added_to(store, context):
    under = base(store)
    image = make(store, context, "FROM base:1\nCOPY run.sh /bin/run.sh\nENV B=2\n")
    assert image.manifest.layers[0] == under.manifest.layers[0]
    assert files(store, image)["usr/bin/run.sh"] == "#!/bin/sh\n", "the base's /bin is a link to usr/bin"
    said = config(store, image)
    assert said["config"]["Env"] == ["PATH=/bin", "B=2"]
    assert said["config"]["User"] == "7"
    assert len(said["rootfs"]["diff_ids"]) == 2


def test_an_entrypoint_of_ones_own_drops_the_bases_arguments(store, context):
    base(store)
    assert "Cmd" not in config(store, make(store, context, 'FROM base:1\nENTRYPOINT ["/mine"]\n'))["config"]
    kept = config(store, make(store, context, 'FROM base:1\nCMD ["a"]\nENTRYPOINT ["/mine"]\n'))["config"]
    assert kept["Cmd"] == ["a"]


def test_modes_and_owners_can_be_given(store, context):
    image = make(store, context, "FROM scratch\nCOPY --chmod=600 --chown=7:8 run.sh /r\n")
    with tarfile.open(store.blobs / image.manifest.layers[0].hex) as archive:
        member = archive.getmember("r")
    assert (member.mode, member.uid, member.gid) == (0o600, 7, 8)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("FROM nowhere:1", "line 1: .*no image nowhere:1 on this machine|no image nowhere:1"),
        ("FROM scratch\nCOPY absent /", "line 2: absent is not in"),
        ("FROM scratch\nCOPY ../secret /", "line 2: ../secret leads out"),
        ("FROM scratch\nCOPY web/../../secret /", "line 2: .* leads out"),
        ("FROM scratch\nCOPY run.sh ../../x", "leads out of the image"),
        ("FROM scratch\nCOPY run.sh", "takes what to copy and where to"),
        ("FROM scratch\nADD http://example.com/x /", "nothing is downloaded"),
        ("FROM scratch\nADD a.tar.gz /", "does not unpack archives"),
        ("FROM scratch\nCOPY --chown=me run.sh /", "only numbers"),
        ("FROM scratch\nCOPY --chmod=rwx run.sh /", "only octal"),
        ("FROM scratch\nEXPOSE 99999", "is no port"),
        ("FROM scratch\nEXPOSE 80/icmp", "is no port"),
        ("FROM scratch\nRUN true", "line 2: RUN needs a program"),
        ("FROM scratch AS", "takes one image"),
    ],
)
def test_what_cannot_be_is_named_with_file_and_line(store, context, text, says):
    with pytest.raises(ImageInvalid, match=says) as caught:
        make(store, context, text + "\n")
    assert str(context / "Dockerfile") in str(caught.value)
    assert store.images() == []


def test_a_link_that_leads_out_of_the_context_is_not_followed(store, context, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (context / "link").symlink_to(tmp_path / "secret")
    (context / "folder").symlink_to(tmp_path)
    for source in ("link", "folder/secret"):
        with pytest.raises(ImageInvalid, match="leads out of"):
            make(store, context, f"FROM scratch\nCOPY {source} /x\n")


def test_an_image_from_a_yaml_file(store, context):
    (context / "image.yaml").write_text(
        "from: scratch\nfiles: {run.sh: /bin/, web: /srv}\nenv: {A: 1}\ncmd: [/bin/run.sh]\nexpose: [80]\nuser: 5\n"
    )
    image = build(store, context, "app")
    assert set(files(store, image)) == {"bin/run.sh", "srv/index.html", "srv/deep/page"}
    said = config(store, image)["config"]
    assert (said["Cmd"], said["Env"], said["User"]) == (["/bin/run.sh"], ["A=1"], "5")
    (context / "image.yaml").write_text("form: scratch\n")
    with pytest.raises(ImageInvalid, match=r"image.yaml: form is not understood"):
        build(store, context, "app")


def test_a_folder_that_says_nothing_is_the_image(store, context):
    assert set(files(store, build(store, context, "app"))) == {"run.sh", "web/index.html", "web/deep/page"}


def test_the_sandbox_image_is_made_once_and_is_the_same_everywhere(store, tmp_path):
    made = builtin.ensure_sandbox(store)
    assert builtin.ensure_sandbox(store) == made
    assert builtin.ensure_sandbox(Store(tmp_path / "other")).target == made.target
    assert config(store, made)["config"]["Entrypoint"] == ["/pause"]


def test_a_base_of_this_machines_busybox_needs_no_registry(store, context):
    if not builtin.BUSYBOX.is_file():
        pytest.skip("busybox-static is not installed")
    image = make(store, context, "FROM pyk8s.local/busybox\nCOPY run.sh /run.sh\n")
    held = files(store, image)
    assert held["bin/sh"] == "-> busybox"
    assert held["run.sh"] == "#!/bin/sh\n"
    assert "pyk8s.local/busybox:latest" in [each.name for each in store.images()]


@pytest.mark.kernel
def test_commands_run_inside_the_image_and_what_they_change_is_kept(store, context):
    image = make(
        store,
        context,
        "FROM pyk8s.local/busybox\nCOPY web /srv\nRUN echo made > /srv/made && rm /srv/index.html && id -u > /uid\n"
        "USER nobody\nRUN id -u > /tmp/who\n",
    )
    held = files(store, image)
    assert held["srv/made"] == "made\n"
    assert held["srv/.wh.index.html"] == ""
    assert (held["uid"], held["tmp/who"]) == ("0\n", "65534\n")
    assert not [path for path in held if path.startswith(("proc/", "dev/", "sys/")) or path == "etc/resolv.conf"]
    assert [path.name for path in store.path.iterdir() if path.name.startswith("staging")] == []


@pytest.mark.kernel
def test_a_command_that_fails_shows_what_it_said(store, context):
    with pytest.raises(ImageInvalid, match=r"line 2: RUN .* exit code 3:\nout\nerr"):
        make(store, context, "FROM pyk8s.local/busybox\nRUN echo out; echo err >&2; exit 3\n")
    assert [each.name for each in store.images()] == ["pyk8s.local/busybox:latest"]


@pytest.mark.kernel
def test_a_command_cannot_reach_the_machine(store, context, tmp_path):
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(ImageInvalid, match="No such file"):
        make(store, context, f"FROM pyk8s.local/busybox\nRUN cat {tmp_path}/secret\n")
    with pytest.raises(ImageInvalid, match="exit code"):
        make(store, context, f"FROM pyk8s.local/busybox\nRUN kill -0 {os.getpid()}\n")
