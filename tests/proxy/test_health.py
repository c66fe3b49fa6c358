import asyncio
import json

import pytest

from pyk8s.aio import clock
from pyk8s.observe.pages import respond, serve
from pyk8s.proxy.health import Freshness, Health
from tests.virtual import virtual_time

GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
SYNCED = Freshness(limit=60, synced=1000.0)
GOOD = Health([SYNCED], mode=lambda: "nftables")


@pytest.mark.parametrize(
    ("freshness", "now", "well"),
    [
        pytest.param(Freshness(60), 1000.0, True, id="never written, and nothing waits"),
        pytest.param(Freshness(60, 0.0, 1100.0), 1161.0, False, id="never written, and waits for too long"),
        pytest.param(SYNCED, 9000.0, True, id="written, and nothing waits"),
        pytest.param(Freshness(60, 1000.0, 1100.0), 1150.0, True, id="something waits, not for long"),
        pytest.param(Freshness(60, 1000.0, 1100.0), 1161.0, False, id="something waits for too long"),
    ],
)
def test_well(freshness, now, well):
    assert freshness.well(now) is well


@virtual_time
async def test_what_waits_waits_from_the_first_and_until_it_is_written():
    freshness = Freshness(60)
    freshness.note_waiting()
    first = freshness.waiting_since
    await clock.sleep(5)
    freshness.note_waiting()
    assert freshness.waiting_since == first
    freshness.note_synced(first + 5)
    assert freshness.waiting_since == 0


@virtual_time
async def test_what_came_while_the_rules_were_written_waits_on():
    freshness, taken = Freshness(60), clock.wall()
    await clock.sleep(5)
    freshness.note_waiting()
    freshness.note_synced(taken)
    assert (freshness.waiting_since, freshness.synced) == (taken + 5, taken + 5)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (GET % b"/healthz", b"200"),
        (GET % b"/livez?verbose", b"200"),
        (GET % b"/readyz", b"200"),
        (GET % b"/metrics", b"200"),
        (GET % b"/proxyMode", b"200"),
        (GET % b"/nope", b"404"),
        (b"POST /healthz HTTP/1.1\r\n\r\n", b"405"),
        (b"nonsense\r\n\r\n", b"405"),
    ],
)
def test_answers(request_, status):
    assert respond(request_, GOOD.pages).split(b" ")[1] == status


def test_ill_health_is_503_and_says_for_how_long():
    page = Health([SYNCED, Freshness(60, 1000.0, 1100.0)]).page(1200.0, whole=True)
    assert page.status == 503
    told = json.loads(page.body)
    assert (told["healthy"], told["waitingSeconds"], told["lastUpdated"]) == (False, 100.0, "1970-01-01T00:16:40+00:00")


def test_metrics_bear_kube_proxys_names():
    told = respond(GET % b"/metrics", GOOD.pages).decode()
    for name, kind in {
        "sync_proxy_rules_duration_seconds": "histogram",
        "sync_full_proxy_rules_duration_seconds": "histogram",
        "sync_partial_proxy_rules_duration_seconds": "histogram",
        "network_programming_duration_seconds": "histogram",
        "sync_proxy_rules_last_timestamp_seconds": "gauge",
        "sync_proxy_rules_last_queued_timestamp_seconds": "gauge",
        "sync_proxy_rules_service_changes_total": "counter",
        "sync_proxy_rules_service_changes_pending": "gauge",
        "sync_proxy_rules_endpoint_changes_total": "counter",
        "sync_proxy_rules_endpoint_changes_pending": "gauge",
        "sync_proxy_rules_iptables_restore_failures_total": "counter",
        "sync_proxy_rules_iptables_partial_restore_failures_total": "counter",
        "sync_proxy_rules_nftables_sync_failures_total": "counter",
        "sync_proxy_rules_nftables_cleanup_failures_total": "counter",
        "iptables_ct_state_invalid_dropped_packets_total": "counter",
        "sync_proxy_rules_iptables_total": "gauge",
        "sync_proxy_rules_iptables_last": "gauge",
        "sync_proxy_rules_no_local_endpoints_total": "gauge",
        "conntrack_reconciler_deleted_entries_total": "counter",
        "conntrack_reconciler_sync_duration_seconds": "histogram",
        "proxy_healthz_total": "counter",
        "proxy_livez_total": "counter",
    }.items():
        assert f"# TYPE kubeproxy_{name} {kind}\n" in told


def test_what_is_only_counted_when_asked_for_is_counted_then():
    asked = []
    respond(GET % b"/metrics", Health([SYNCED], measure=lambda: asked.append("now")).pages)
    assert asked == ["now"]


async def test_it_is_served_over_http_and_noise_is_hung_up_on():
    server = await serve(GOOD.pages, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(GET % b"/healthz")
        assert (await asyncio.wait_for(reader.read(), 30)).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"x" * 20000)
        try:
            assert await asyncio.wait_for(reader.read(), 30) == b""
        except ConnectionError:
            pass  # it hung up with some of our noise unread
        writer.close()
    finally:
        server.close()


def test_a_node_that_goes_away_is_ill_for_balancers_but_its_proxy_lives():
    going = Health([SYNCED], eligible=False)
    whole, alive = going.page(1001.0, whole=True), going.page(1001.0, whole=False)
    assert (whole.status, alive.status) == (503, 200)
    assert json.loads(whole.body)["nodeEligible"] is False
    assert "nodeEligible" not in json.loads(alive.body)


def test_answers_are_counted_by_their_status():
    body = respond(GET % b"/metrics", GOOD.pages)
    assert b"kubeproxy_proxy_healthz_total{code=" in body


@pytest.mark.parametrize(("path", "status"), [(b"/healthz", b"200"), (b"/livez", b"200"), (b"/readyz", b"503")])
def test_a_proxy_that_starts_is_alive_and_not_ready(path, status):
    starting = Health([SYNCED, Freshness(60)])
    assert respond(GET % path, starting.pages).split(b" ")[1] == status
