from pyk8s.api.selectors import parse_labels
from pyk8s.scheduler import tallies
from tests.scheduler.makers import Cluster, node

GROUP = ("namespace", "default")


def test_a_tally_that_was_forgotten_is_counted_anew(monkeypatch):
    monkeypatch.setattr(tallies, "KEPT", 2)
    cluster = Cluster(node("n1"))
    selectors = [parse_labels(text) for text in ("a", "b", "c")]
    for selector in selectors:
        cluster.tally(GROUP, selector)
    cluster.put("x", "n1", labels={"a": "1", "b": "1", "c": "1"})
    for selector in selectors:
        assert cluster.tally(GROUP, selector)[0] == 1
    cluster.remove("default/x")
    assert [cluster.tally(GROUP, selector)[0] for selector in selectors] == [0, 0, 0]


def test_a_tally_grows_with_the_nodes():
    cluster = Cluster()
    cluster.tally(GROUP)
    for n in range(40):
        cluster.set_node(node(f"n{n}"))
    cluster.put("x", "n39")
    assert cluster.tally(GROUP)[cluster.rows.find("n39")] == 1
