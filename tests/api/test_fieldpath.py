from __future__ import annotations

from pyk8s.api import fieldpath


def test_a_field_at_the_top_has_no_dot_before_it() -> None:
    assert fieldpath.join("", "spec") == "spec"
    assert fieldpath.join("spec", "a") == "spec.a"


def test_without_a_shape_every_name_is_a_field() -> None:
    assert fieldpath.describe(None, ["a", 0, "b"]) == "a[0].b"
