from collections.abc import Iterator

import pytest

from tests.kernel.spaces import spaces


@pytest.fixture
def netns() -> Iterator[str]:
    """The path of a fresh network namespace."""
    with spaces(1) as (made,):
        yield made


@pytest.fixture
def two_spaces() -> Iterator[list[str]]:
    """The paths of two fresh network namespaces."""
    with spaces(2) as made:
        yield made
