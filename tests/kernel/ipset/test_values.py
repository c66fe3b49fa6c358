import pytest

from pyk8s.kernel.ipset.values import Add, Content, Create, Destroy, Parts, Remove, Set, member, plan, split

FRONTS = Set("KUBE-CLUSTER-IP", "hash:ip,port")
HELD = Content(FRONTS, {"10.96.0.20,tcp:80": 0})


@pytest.mark.parametrize(
    ("kind", "written", "parts"),
    [
        ("hash:ip", "10.96.0.20", Parts("10.96.0.20")),
        ("hash:ip,port", "10.96.0.20,tcp:80", Parts("10.96.0.20", "tcp", 80)),
        ("hash:ip,port,ip", "10.0.0.5,udp:53,10.0.0.6", Parts("10.0.0.5", "udp", 53, "10.0.0.6")),
        ("hash:ip,port,net", "10.0.0.5,sctp:9,10.1.0.0/16", Parts("10.0.0.5", "sctp", 9, "10.1.0.0", 16)),
        ("hash:ip,port,net", "fd00::5,tcp:9,fd01::/64", Parts("fd00::5", "tcp", 9, "fd01::", 64)),
        ("bitmap:port", "30080", Parts(port=30080)),
    ],
)
def test_members_are_taken_apart_and_put_together(kind, written, parts):
    assert split(kind, written) == parts
    if parts.protocol:
        second = f"{parts.second}/{parts.prefix}" if parts.prefix else parts.second
        assert member(parts.address, parts.protocol, parts.port, second) == written


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("hash:ip", "10.96.0.20,tcp:80"),
        ("hash:ip,port", "30080"),
        ("hash:ip,port", "nowhere,tcp:80"),
        ("hash:ip,port", "10.96.0.20,tcp:http"),
        ("bitmap:port", "65536"),
        ("hash:ip,port,net", "10.96.0.20,tcp:80,10.1.0.1/16"),
    ],
)
def test_what_is_no_member_is_refused(kind, written):
    with pytest.raises(ValueError, match=r"is no|does not appear|host bits"):
        split(kind, written)


@pytest.mark.parametrize(
    ("observed", "actions"),
    [
        pytest.param({}, (Create(FRONTS), Add(FRONTS, "10.96.0.20,tcp:80")), id="no set"),
        pytest.param({FRONTS.name: HELD}, (), id="as it should be"),
        pytest.param({FRONTS.name: Content(FRONTS)}, (Add(FRONTS, "10.96.0.20,tcp:80"),), id="a member is missing"),
        pytest.param(
            {FRONTS.name: Content(FRONTS, HELD.members | {"10.9.9.9,tcp:1": 0})},
            (Remove(FRONTS, "10.9.9.9,tcp:1"),),
            id="a member that nobody wants",
        ),
        pytest.param(
            {FRONTS.name: Content(FRONTS, {"10.96.0.20,tcp:80": 7})},
            (Add(FRONTS, "10.96.0.20,tcp:80", again=True),),
            id="another mark",
        ),
        pytest.param(
            {FRONTS.name: Content(Set(FRONTS.name, "hash:ip"))},
            (Destroy(FRONTS.name), Create(FRONTS), Add(FRONTS, "10.96.0.20,tcp:80")),
            id="another kind",
        ),
        pytest.param(
            {FRONTS.name: Content(Set(FRONTS.name, "hash:ip,port", limit=1), HELD.members)},
            (),
            id="of another size",
        ),
        pytest.param(
            {FRONTS.name: HELD, "KUBE-OLD": Content(Set("KUBE-OLD", "hash:ip")), "theirs": Content(FRONTS)},
            (Destroy("KUBE-OLD"),),
            id="ours that nobody wants goes, others stay",
        ),
    ],
)
def test_plan(observed, actions):
    assert plan([HELD], observed, owned=["KUBE-OLD", FRONTS.name, "KUBE-NONE"]) == actions
