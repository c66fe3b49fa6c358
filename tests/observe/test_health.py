"""Health: all checks named, one failure is enough."""

from pyk8s.observe.health import Health


def test_ready_includes_the_live_checks_and_names_what_is_wrong():
    health = Health(live={"ping": lambda: ""}, ready={"etcd": lambda: "no leader"})
    well, text = health.report("ready")
    assert not well
    assert text.splitlines() == ["[+]ping ok", "[-]etcd failed: no leader", "readyz check failed"]


def test_live_does_not_ask_whether_it_is_ready():
    health = Health(live={"ping": lambda: ""}, ready={"etcd": lambda: "no leader"})
    assert health.report("live") == (True, "[+]ping ok\nlivez check passed\n")
