from __future__ import annotations

import pytest

from pyk8s.api import podtemplate

TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "i:1"}]}}


def test_equal_templates_have_the_same_hash_whatever_the_order_of_their_fields() -> None:
    turned = {"spec": {"containers": [{"image": "i:1", "name": "a"}]}, "metadata": {"labels": {"app": "web"}}}
    assert podtemplate.template_hash(turned) == podtemplate.template_hash(TEMPLATE)


def test_the_label_that_carries_the_hash_and_nulls_do_not_count() -> None:
    labelled = {**TEMPLATE, "metadata": {"labels": {"app": "web", "pod-template-hash": "x"}, "creationTimestamp": None}}
    assert podtemplate.template_hash(labelled) == podtemplate.template_hash(TEMPLATE)


def test_another_template_or_a_collision_has_another_hash() -> None:
    other = {**TEMPLATE, "spec": {"containers": [{"name": "a", "image": "i:2"}]}}
    hashes = {podtemplate.template_hash(TEMPLATE), podtemplate.template_hash(other)}
    hashes |= {podtemplate.template_hash(TEMPLATE, collisions=n) for n in (1, 2)}
    assert len(hashes) == 4


def test_a_hash_may_stand_in_a_name() -> None:
    found = podtemplate.template_hash(TEMPLATE)
    assert 0 < len(found) <= 10
    assert set(found) <= set("bcdfghjklmnpqrstvwxz2456789")


@pytest.mark.parametrize(("data", "value"), [(b"", 0x811C9DC5), (b"a", 0xE40C292C), (b"foobar", 0xBF9CF968)])
def test_fnv_is_the_published_one(data: bytes, value: int) -> None:
    assert podtemplate.fnv1a_32(data) == value
