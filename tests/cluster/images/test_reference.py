"""Names of images."""

import pytest

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images.reference import familiar, normalize

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("me/app", "docker.io/me/app:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("localhost/app:1", "localhost/app:1"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("127.0.0.1:5000/a/b:v1", "127.0.0.1:5000/a/b:v1"),
        ("Registry.example.com/app:V1", "Registry.example.com/app:V1"),
        (f"app@{DIGEST}", f"docker.io/library/app@{DIGEST}"),
        (f"pyk8s.local/app:1@{DIGEST}", f"pyk8s.local/app:1@{DIGEST}"),
        ("a__b/c-d.e", "docker.io/a__b/c-d.e:latest"),
    ],
)
def test_short_names_stand_for_full_ones(name, full):
    assert normalize(name) == full
    assert normalize(full) == full


@pytest.mark.parametrize(
    "name", ["", "Nginx", "a b", "../x", "/x", "x/", "x:", "x:ü", "x@sha256:12", "a" * 256, "X/y", "a//b", "-a", "a\n"]
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ImageInvalid, match="is no image name"):
        normalize(name)


@pytest.mark.parametrize("name", ["nginx:latest", "me/app:1", "pyk8s.local/pause:1", "localhost:5000/a:1"])
def test_people_see_the_short_form(name):
    assert familiar(normalize(name)) == name
