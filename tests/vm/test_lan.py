"""Packets between nodes on real kernels: three machines, every mode of the proxy, both ways between nodes."""

import asyncio

import pytest
import pytest_asyncio

from tests.vm.lan import (
    CLUSTER_IP,
    LOCAL_PORT,
    NODE_PORT,
    choice,
    config_map,
    everywhere,
    node_object,
    nodes,
    services,
)

pytestmark = [pytest.mark.vm, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

TRIES = 30
"""Connections that see all three endpoints: the chance to miss one is 1 in 60,000."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lan():
    """Three nodes; the proxies begin in mode iptables."""
    async with nodes("iptables") as made:
        yield made


@pytest_asyncio.fixture(params=["iptables", "nftables", "ipvs"], scope="module", loop_scope="module")
async def mode(lan, request):
    """The running proxies, in each mode in turn.

    IPVS comes last: its virtual servers outlive the mode for the two minutes that it remembers closed connections.
    """
    await everywhere(lan, "put", choice(request.param))
    await asyncio.gather(*(in_mode(node, request.param) for node in lan))
    return request.param


async def in_mode(node, mode):
    """Wait until a node's kernel has the rules of a mode and none of the others."""
    signs = {
        "iptables": "iptables-save -t nat | grep -q '10.96.0.20.*KUBE-SVC-'",
        "ipvs": "ipvsadm -ln | grep -q 10.96.0.20",
        "nftables": "nft list table ip kube-proxy | grep -q 10.96.0.20",
    }
    there = {name: f"{{ {sign}; }} 2>/dev/null" for name, sign in signs.items()}
    await node.wait_for(" && ".join(sign if name == mode else f"! {sign}" for name, sign in there.items()))


def seen(answers):
    return {name for name, *_ in answers}


ALL = {"pod-1", "pod-2", "pod-3"}


async def test_pods_reach_pods_of_every_node_as_themselves(lan):
    for node in lan:
        for other in lan:
            assert await node.ask(other.pod, 8080, pod=f"pod-{node.number}") == {(f"pod-{other.number}", node.pod): 1}


async def test_a_cluster_ip_leads_to_every_endpoint_from_pods_and_nodes(lan, mode):
    for node in lan:
        from_pod = await node.ask(CLUSTER_IP, 80, TRIES, pod=f"pod-{node.number}")
        assert seen(from_pod) == ALL
        # Only the way back to oneself is masqueraded.
        assert {where for name, where in from_pod if name != f"pod-{node.number}"} == {node.pod}
        assert seen(await node.ask(CLUSTER_IP, 80, TRIES)) == ALL


async def test_a_node_port_answers_at_every_node(lan, mode):
    for node in lan:
        for other in lan:
            assert seen(await node.ask(other.address, NODE_PORT, TRIES)) == ALL


async def test_a_local_node_port_answers_where_the_endpoint_is_and_keeps_the_callers_address(lan, mode):
    first, second, third = lan
    assert await second.ask(first.address, LOCAL_PORT) == {("pod-1", second.address): 1}
    assert "TimeoutError" in seen(await second.ask(third.address, LOCAL_PORT))


async def test_nothing_is_lost_on_a_bad_line(lan, mode):
    words = ("tc", "qdisc", "add", "dev", "eth0", "root", "netem", "delay", "50ms", "loss", "1%")
    try:
        for node in lan:
            await node.run(*words)
        answers = await asyncio.gather(*(node.ask(CLUSTER_IP, 80, TRIES * 2) for node in lan))
    finally:
        for node in lan:
            await node.machine.run("tc", "qdisc", "del", "dev", "eth0", "root")
    assert [seen(each) for each in answers] == [ALL] * 3


async def test_an_endpoint_that_goes_is_not_asked_again(lan, mode):
    every = services(lan)
    fewer = {**every[1], "endpoints": every[1]["endpoints"][1:]}
    await everywhere(lan, "put", fewer)
    try:
        for node in lan:
            await until(node, {"pod-2", "pod-3"})
    finally:
        await everywhere(lan, "put", every[1])
    for node in lan:
        await until(node, ALL)


async def until(node, wanted):
    for _ in range(20):
        if seen(await node.ask(CLUSTER_IP, 80, TRIES)) == wanted:
            return
    raise AssertionError(f"node {node.number} still does not reach exactly {wanted}")


async def test_the_way_between_nodes_changes_while_they_run(lan):
    try:
        await everywhere(lan, "put", config_map("pyk8s-network", {"backend": "vxlan"}))
        await announced(lan)
        for node in lan:
            await node.wait_for(f"ip route get {lan[node.number % 3].pod} | grep -q 'dev pyk8s'")
        await test_pods_reach_pods_of_every_node_as_themselves(lan)
    finally:
        await everywhere(lan, "put", config_map("pyk8s-network", {"backend": "host-gw"}))
    for node in lan:
        await node.wait_for(f"ip route get {lan[node.number % 3].pod} | grep -q 'dev eth0'")
    await test_pods_reach_pods_of_every_node_as_themselves(lan)


async def announced(lan):
    """Carry to all nodes what each says of its own VXLAN link, as an API server would."""
    for node in lan:
        own = await node.do("told", node_object(node.number))
        await everywhere([other for other in lan if other is not node], "put", own)


async def test_a_node_that_is_gone_has_no_route_and_gets_it_back(lan):
    first, _, third = lan
    await first.do("delete", node_object(3))
    await first.wait_for("! ip route | grep -q 10.244.3.0/24")
    await first.do("put", node_object(3))
    await first.wait_for(f"ip route get {third.pod} | grep -q {third.address}")
    assert seen(await first.ask(third.pod, 8080, pod="pod-1")) == {"pod-3"}
