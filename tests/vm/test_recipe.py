"""What decides whether an image is built anew, and the commands that build it."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vm.errors import Unable
from vm.image import default_recipe
from vm.recipe import SUITES, Recipe, content_key, filesystem

RECIPE = Recipe("bookworm")


@pytest.mark.parametrize(
    "other",
    [
        replace(RECIPE, suite="trixie"),
        replace(RECIPE, packages=(*RECIPE.packages, "nginx")),
        replace(RECIPE, early=RECIPE.early[1:]),
        replace(RECIPE, megabytes=2000),
    ],
    ids=["suite", "packages", "modules", "size"],
)
def test_another_recipe_is_another_image(other):
    assert other.key() != RECIPE.key()


def test_the_same_recipe_is_the_same_image():
    assert Recipe("bookworm").key() == RECIPE.key()


@given(st.lists(st.binary(max_size=8), max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_keys_are_equal_only_for_the_same_parts(one, other):
    assert (content_key(*one) == content_key(*other)) == (one == other)


def test_the_image_is_made_of_debian_packages_alone():
    words = RECIPE.bootstrap(Path("/x/root"))
    assert words[0] == "mmdebstrap"
    assert words[-2:] == ("bookworm", "/x/root")
    (included,) = (word for word in words if word.startswith("--include="))
    assert {"python3", "ipvsadm", "nftables", "containernetworking-plugins", "systemd-sysv"} <= set(
        included.removeprefix("--include=").split(",")
    )
    assert not any("http" in word for word in words)


def test_a_file_system_is_made_without_mounting():
    words = filesystem(Path("/x/root"), Path("/x/root.ext4"), "root", 700)
    assert words[0] == "mke2fs"
    assert words[-4:] == ("-d", "/x/root", "/x/root.ext4", "700M")


def test_the_image_has_this_machines_python(monkeypatch):
    assert default_recipe().suite == SUITES[sys.version_info[:2]]
    monkeypatch.setattr(sys, "version_info", (3, 12, 1, "final", 0))
    with pytest.raises(Unable, match=r"no Debian release .* has Python 3\.12: 3\.11, 3\.13"):
        default_recipe()
