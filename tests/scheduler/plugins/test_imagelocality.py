import pytest

from pyk8s.scheduler.nodes import tagged
from pyk8s.scheduler.plugins import imagelocality
from tests.scheduler.makers import Cluster, node, template

MB = 1024 * 1024


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("nginx", "nginx:latest"),
        ("nginx:1.27", "nginx:1.27"),
        ("registry:5000/nginx", "registry:5000/nginx:latest"),
        ("registry:5000/nginx:1", "registry:5000/nginx:1"),
        ("nginx@sha256:abc", "nginx@sha256:abc"),
    ],
)
def test_an_image_without_tag_is_the_latest(image, full):
    assert tagged(image) == full


def scores(cluster, **more):
    return cluster.scores(imagelocality.score(template(**more), cluster, cluster.everywhere))


def test_nodes_that_have_the_image_are_better():
    cluster = Cluster(node("has", images=[("nginx:latest", 1000 * MB)]), node("has not"))
    found = scores(cluster, image="nginx")
    assert found["has"] > 40
    assert found["has not"] == 0


def test_small_images_are_worth_nothing_and_huge_ones_no_more_than_large_ones():
    small = Cluster(node("a", images=[("i:1", 20 * MB)]))
    huge = Cluster(node("a", images=[("i:1", 9000 * MB)]))
    assert (scores(small, image="i:1")["a"], scores(huge, image="i:1")["a"]) == (0, 100)


def test_another_tag_is_another_image():
    cluster = Cluster(node("a", images=[("i:1", 1000 * MB)]))
    assert scores(cluster, image="i:2")["a"] == 0


def test_an_image_that_arrives_is_seen():
    cluster = Cluster(node("a"))
    pod = template(image="i:1")
    assert imagelocality.score(pod, cluster, cluster.everywhere)[0] == 0
    cluster.set_node(node("a", images=[("i:1", 1000 * MB)]))
    assert imagelocality.score(pod, cluster, cluster.everywhere)[0] == 100
