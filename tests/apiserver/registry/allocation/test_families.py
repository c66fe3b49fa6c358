"""Of which families services are: defaults, refusals, changes from one family to two and back."""

import pytest

from pyk8s.apiserver.registry.allocation.families import settle
from pyk8s.apiserver.registry.config import Config
from tests.apiserver.registry.running import refused, running_registry

FOUR, SIX = ["IPv4"], ["IPv6"]
BOTH, REVERSED = ["IPv4", "IPv6"], ["IPv6", "IPv4"]
SINGLE, PREFER, REQUIRE = "SingleStack", "PreferDualStack", "RequireDualStack"


def said(policy=None, families=None, addresses=None, **more):
    spec = {"selector": {"app": "web"}, **more}
    if policy:
        spec["ipFamilyPolicy"] = policy
    if families:
        spec["ipFamilies"] = families
    if addresses:
        spec |= {"clusterIP": addresses[0], "clusterIPs": addresses}
    return spec


@pytest.mark.parametrize(
    ("spec", "cluster", "policy", "families"),
    [
        pytest.param(said(), FOUR, SINGLE, FOUR, id="nothing said"),
        pytest.param(said(), SIX, SINGLE, SIX, id="nothing said, IPv6"),
        pytest.param(said(), BOTH, SINGLE, FOUR, id="nothing said, two families"),
        pytest.param(said(), REVERSED, SINGLE, SIX, id="the cluster's first family"),
        pytest.param(said(families=SIX), BOTH, SINGLE, SIX, id="the other family"),
        pytest.param(said(PREFER), FOUR, PREFER, FOUR, id="prefers two, one there"),
        pytest.param(said(PREFER), BOTH, PREFER, BOTH, id="prefers two"),
        pytest.param(said(REQUIRE), REVERSED, REQUIRE, REVERSED, id="requires two"),
        pytest.param(said(REQUIRE, SIX), BOTH, REQUIRE, REVERSED, id="requires two, one first"),
        pytest.param(said(addresses=["fd00::1"]), BOTH, SINGLE, SIX, id="an address implies its family"),
        pytest.param(said(PREFER, addresses=["fd00::1", "10.0.0.1"]), BOTH, PREFER, REVERSED, id="two addresses"),
        pytest.param(said(addresses=["None"]), BOTH, SINGLE, FOUR, id="headless"),
        pytest.param(said(addresses=["None"], selector={}), FOUR, REQUIRE, BOTH, id="headless without selector"),
        pytest.param(said(SINGLE, addresses=["None"], selector={}), FOUR, SINGLE, FOUR, id="the same, single"),
        pytest.param(said(families=SIX, addresses=["None"], selector={}), FOUR, REQUIRE, REVERSED, id="the same, IPv6"),
    ],
)
def test_a_new_service_gets_a_policy_and_families(spec, cluster, policy, families):
    made, causes = settle(spec, None, cluster)
    assert causes == []
    assert (made["ipFamilyPolicy"], made["ipFamilies"]) == (policy, families)


TWO = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"


@pytest.mark.parametrize(
    ("spec", "cluster", "says"),
    [
        (said(REQUIRE), FOUR, ["spec.ipFamilyPolicy: this cluster is not configured for dual-stack services"]),
        (said(families=SIX), FOUR, ["spec.ipFamilies[0]: not configured on this cluster"]),
        (said(PREFER, BOTH), FOUR, ["spec.ipFamilies[1]: not configured on this cluster"]),
        (said(families=BOTH), BOTH, [f"spec.ipFamilyPolicy: {TWO} IP families are specified"]),
        (said(addresses=["10.0.0.1", "fd00::1"]), BOTH, [f"spec.ipFamilyPolicy: {TWO} cluster IPs are specified"]),
        (said(addresses=["fd00::1"]), FOUR, ["spec.clusterIPs[0]: IPv6 is not configured on this cluster"]),
    ],
)
def test_what_the_cluster_cannot_give_is_refused(spec, cluster, says):
    _, causes = settle(spec, None, cluster)
    assert [f"{cause.field}: {cause.message.split(': ')[-1]}" for cause in causes] == says


ONE_HELD = said(SINGLE, FOUR, ["10.0.0.1"])
TWO_HELD = said(PREFER, BOTH, ["10.0.0.1", "fd00::1"])
RELEASE = "must be 'SingleStack' to release the secondary"


@pytest.mark.parametrize(
    ("spec", "before", "families", "addresses"),
    [
        pytest.param(ONE_HELD, ONE_HELD, FOUR, ["10.0.0.1"], id="as it was"),
        pytest.param(ONE_HELD | {"ipFamilyPolicy": PREFER}, ONE_HELD, BOTH, ["10.0.0.1"], id="to two by policy"),
        pytest.param(said(PREFER, BOTH, ["10.0.0.1"]), ONE_HELD, BOTH, ["10.0.0.1"], id="to two by families"),
        pytest.param(
            said(PREFER, FOUR, ["10.0.0.1", "fd00::7"]), ONE_HELD, BOTH, ["10.0.0.1", "fd00::7"], id="to two by address"
        ),
        pytest.param(TWO_HELD | {"ipFamilyPolicy": SINGLE}, TWO_HELD, FOUR, ["10.0.0.1"], id="to one by policy"),
        pytest.param(said(SINGLE, FOUR, ["10.0.0.1"]), TWO_HELD, FOUR, ["10.0.0.1"], id="to one, all said"),
        pytest.param(said(None, BOTH, TWO_HELD["clusterIPs"]), TWO_HELD, BOTH, TWO_HELD["clusterIPs"], id="unsaid"),
        pytest.param(said(PREFER, FOUR, ["10.0.0.1"]), said(PREFER, FOUR, ["10.0.0.1"]), FOUR, ["10.0.0.1"],
                     id="one that prefers two is left alone"),
        pytest.param(said(), {"type": "ExternalName", "ipFamilyPolicy": None}, FOUR, None, id="was a name"),
    ],
)  # fmt: skip
def test_a_service_goes_from_one_family_to_two_and_back(spec, before, families, addresses):
    made, causes = settle(spec, before, BOTH)
    assert causes == []
    assert (made["ipFamilies"], made.get("clusterIPs")) == (families, addresses)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (said(PREFER, BOTH, ["10.0.0.1"]), [f"{RELEASE} cluster IP"]),
        (said(PREFER, FOUR, ["10.0.0.1", "fd00::1"]), [f"{RELEASE} IP family"]),
        (said(REQUIRE, FOUR, ["10.0.0.1"]), [f"{RELEASE} cluster IP", f"{RELEASE} IP family"]),
        # Another address is no release of the second one: what is wrong with it is said where it is kept from changing.
        (said(PREFER, BOTH, ["10.0.0.9"]), []),
    ],
)
def test_a_second_family_is_given_up_by_policy_only(spec, says):
    _, causes = settle(spec, TWO_HELD, BOTH)
    assert [cause.message.split(": ")[-1] for cause in causes] == says


def test_a_name_has_no_families():
    assert settle({"type": "ExternalName"}, None, FOUR) == ({"type": "ExternalName"}, [])


# Through the registry, on a cluster of two families.

DUAL = Config(service_cidr="10.0.0.0/28,fd00:96::/112", node_ports=(30000, 30003), account_wait=0.0)
ADDRESSES = "ipaddresses.networking.k8s.io"


@pytest.fixture
async def api():
    async with running_registry(config=DUAL, bootstrap=False, namespaces=["team"]) as made:
        yield made


def service(name="web", **spec):
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], "selector": {"app": "web"}, **spec}}


async def test_a_service_of_two_families_has_an_address_of_each_that_stands_as_an_object(api):
    made = await api.create("services", "team", service(ipFamilyPolicy=REQUIRE))
    four, six = made["spec"]["clusterIPs"]
    assert made["spec"]["clusterIP"] == four
    assert six.startswith("fd00:96::")
    families = {
        one["metadata"]["name"]: one["metadata"]["labels"]["ipaddress.kubernetes.io/ip-family"]
        for one in await api.list(ADDRESSES)
    }
    assert families == {four: "IPv4", six: "IPv6"}
    await api.delete("services", "team", "web")
    assert await api.names(ADDRESSES) == []


async def test_an_ipv6_address_may_be_named_in_any_form_and_is_given_once(api):
    made = await api.create("services", "team", service(clusterIP="fd00:0096:0::5"))
    assert (made["spec"]["clusterIP"], made["spec"]["ipFamilies"]) == ("fd00:0096:0::5", SIX)
    assert await api.names(ADDRESSES) == ["fd00:96::5"]
    error = await refused(api.create("services", "team", service("other", clusterIP="fd00:96::5")))
    assert "provided IP is already allocated" in error.message
    error = await refused(api.create("services", "team", service("other", clusterIP="fd00:97::5")))
    assert "The range of valid IPs is fd00:96::/112" in error.message


async def test_a_service_changes_from_one_family_to_two_and_back(api):
    made = await api.create("services", "team", service())
    assert (made["spec"]["ipFamilies"], made["spec"]["ipFamilyPolicy"]) == (FOUR, SINGLE)
    both = await api.merge("services", "team", "web", {"spec": {"ipFamilyPolicy": PREFER}})
    assert (len(both["spec"]["clusterIPs"]), both["spec"]["clusterIP"]) == (2, made["spec"]["clusterIP"])
    assert set(await api.names(ADDRESSES)) == set(both["spec"]["clusterIPs"])
    kept = await api.update("services", "team", "web", service(selector={"app": "other"}))
    assert kept["spec"]["clusterIPs"] == both["spec"]["clusterIPs"]
    error = await refused(
        api.merge("services", "team", "web", {"spec": {"clusterIPs": both["spec"]["clusterIPs"][:1]}})
    )
    assert "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be 'SingleStack'" in error.message
    one = await api.merge("services", "team", "web", {"spec": {"ipFamilyPolicy": SINGLE}})
    assert (one["spec"]["clusterIPs"], one["spec"]["ipFamilies"]) == ([made["spec"]["clusterIP"]], FOUR)
    assert await api.names(ADDRESSES) == [made["spec"]["clusterIP"]]


async def test_an_address_of_a_write_that_is_refused_comes_back(api):
    await api.create("services", "team", service("other", clusterIP="10.0.0.5"))
    error = await refused(
        api.create("services", "team", service(ipFamilyPolicy=REQUIRE, clusterIPs=["fd00:96::9", "10.0.0.5"]))
    )
    assert "provided IP is already allocated" in error.message
    assert await api.names(ADDRESSES) == ["10.0.0.5"]


@pytest.mark.parametrize(
    ("ranges", "why"),
    [
        ("10.0.0.0/16,10.1.0.0/16", "two ranges of one family"),
        ("fd00::/64", "from /108 to /126"),
        ("10.0.0.1/16", "host bits"),
    ],
)
def test_ranges_that_cannot_be_are_told(ranges, why):
    with pytest.raises(ValueError, match=why):
        assert Config(service_cidr=ranges).services
