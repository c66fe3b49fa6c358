"""What to do about an image."""

import pytest

from pyk8s.kubelet.images.plan import credentials, delay, plan_image, registry_of


@pytest.mark.parametrize(
    ("policy", "present", "step"),
    [
        ("Always", True, "pull"),
        ("Always", False, "pull"),
        ("IfNotPresent", True, "use"),
        ("IfNotPresent", False, "pull"),
        ("Never", True, "use"),
        ("Never", False, "refuse"),
    ],
)
def test_the_policy_decides(policy, present, step):
    assert plan_image(policy, present=present) == step


@pytest.mark.parametrize(("failures", "seconds"), [(1, 10), (2, 20), (3, 40), (6, 300), (1000, 300)])
def test_the_delay_doubles_up_to_five_minutes(failures, seconds):
    assert delay(failures) == seconds


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("nginx", "docker.io"),
        ("library/nginx:1", "docker.io"),
        ("ghcr.io/a/b", "ghcr.io"),
        ("localhost/a", "localhost"),
        ("host:5000/a:1", "host:5000"),
    ],
)
def test_the_registry_of_an_image(image, registry):
    assert registry_of(image) == registry


@pytest.mark.parametrize(
    ("key", "image", "fits"),
    [
        ("https://index.docker.io/v1/", "nginx", True),
        ("docker.io", "library/nginx", True),
        ("ghcr.io", "ghcr.io/a/b:1", True),
        ("https://ghcr.io/v2/", "ghcr.io/a/b", True),
        ("ghcr.io/a", "ghcr.io/a/b", True),
        ("ghcr.io/a", "ghcr.io/ab", False),
        ("ghcr.io/a/b", "ghcr.io/a/b@sha256:x", True),
        ("ghcr.io", "quay.io/a", False),
        ("*.example.org", "x.example.org/a", True),
        ("*.example.org", "example.org/a", False),
        ("host:5000", "host:5000/a", True),
        ("host", "host:5000/a", False),
    ],
)
def test_credentials_fit_their_registry(key, image, fits):
    assert bool(credentials(image, [{"auths": {key: {"username": "u"}}}])) is fits


def test_the_longest_key_comes_first():
    config = {"auths": {"ghcr.io": {"username": "all"}, "ghcr.io/a": {"username": "mine"}}}
    assert [each["username"] for each in credentials("ghcr.io/a/b", [config])] == ["mine", "all"]
