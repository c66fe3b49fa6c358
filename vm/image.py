"""The Debian image: built of packages when the cache has none of this recipe."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from vm.cache import Cache, remove
from vm.errors import Unable
from vm.initrd import load_order
from vm.programs import call
from vm.recipe import SUITES, Recipe, filesystem

BUILD_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Image:
    """A folder with what a machine boots from."""

    path: Path

    @property
    def root(self) -> Path:
        """The root file system, ext4."""
        return self.path / "root.ext4"

    @property
    def kernel(self) -> Path:
        """The kernel, as QEMU takes it."""
        return self.path / "vmlinuz"

    @property
    def busybox(self) -> Path:
        """The programs of the initramfs."""
        return self.path / "busybox"

    @property
    def early(self) -> list[Path]:
        """The modules of the initramfs, in the order they are loaded."""
        return sorted((self.path / "early").iterdir())


def default_recipe() -> Recipe:
    """The recipe that fits this machine's Python."""
    suite = SUITES.get(sys.version_info[:2])
    if suite is None:
        known = ", ".join(f"{major}.{minor}" for major, minor in SUITES)
        raise Unable(f"no Debian release for the image has Python {sys.version_info[0]}.{sys.version_info[1]}: {known}")
    return Recipe(suite)


def get_image(cache: Cache, recipe: Recipe) -> Image:
    """The image of `recipe`, from the cache or built now. Raises Unable."""
    return Image(cache.get(f"image-{recipe.key()}", lambda draft: build(recipe, draft)))


def build(recipe: Recipe, draft: Path) -> None:
    """Make the image's folder at `draft`."""
    root = draft / "root"
    draft.mkdir(parents=True)
    call(recipe.bootstrap(root), BUILD_SECONDS)
    shutil.copyfile(next((root / "boot").glob("vmlinuz-*")), draft / "vmlinuz")
    shutil.copyfile(root / "bin" / "busybox", draft / "busybox")
    (modules,) = (root / "lib" / "modules").iterdir()
    depends, builtin = (modules / "modules.dep").read_text(), (modules / "modules.builtin").read_text()
    (draft / "early").mkdir()
    for number, name in enumerate(load_order(recipe.early, depends, builtin)):
        shutil.copyfile(modules / name, draft / "early" / f"{number:02}-{Path(name).name}")
    remove(root / "boot")
    call(filesystem(root, draft / "root.ext4", "root", recipe.megabytes), BUILD_SECONDS)
    remove(root)
