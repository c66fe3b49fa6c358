import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.kernel.iptables.values import BUILT_IN, Insert, Jump, Put, Remove, Rule
from pyk8s.proxy.iptables.rules import OWN_PREFIXES
from pyk8s.proxy.iptables.ruleset import Ruleset
from pyk8s.proxy.iptables.shared import JUMPS
from pyk8s.proxy.plan import Settings, plan_service
from tests.proxy.services import at, endpoint_slice, service

SETTINGS = Settings(cluster_ranges=("10.244.0.0/16",))
TABLES = ("nat", "filter")


def surveys(kernel):
    return {table: kernel.survey(table) for table in TABLES}


def kernel_with(services):
    kernel, ruleset = FakeIptables(), Ruleset(SETTINGS)
    ruleset.change(services)
    kernel.run(ruleset.whole(surveys(kernel)))
    return kernel


def meaning(number, endpoints=1, **spec):
    held = [endpoint_slice(f"s{number}", *(at(f"10.244.0.{each + 1}") for each in range(endpoints)))]
    return {f"shop/s{number}": plan_service(service(f"s{number}", f"10.96.1.{number}", **spec), held, "here")}


SPECS = some.fixed_dictionaries(
    {},
    optional={
        "node_port": some.integers(30000, 30003),
        "externalTrafficPolicy": some.just("Local"),
        "internalTrafficPolicy": some.just("Local"),
        "sessionAffinity": some.just("ClientIP"),
        "externalIPs": some.just(["198.51.100.7"]),
    },
)
MEANINGS = some.one_of(some.none(), some.tuples(some.integers(0, 4), SPECS))
STEPS = some.lists(some.dictionaries(some.integers(0, 3), MEANINGS, min_size=1, max_size=3), max_size=10)


@settings(deadline=None)
@given(STEPS)
def test_any_sequence_of_differences_gives_the_kernel_that_a_whole_write_gives(steps):
    kernel, ruleset, held = FakeIptables(), Ruleset(SETTINGS), {}
    kernel.run(ruleset.whole(surveys(kernel)))
    for step in steps:
        change = {}
        for number, what in step.items():
            change |= {f"shop/s{number}": ()} if what is None else meaning(number, what[0], **what[1])
        kernel.run(ruleset.change(change))
        held |= change
    assert kernel.tables == kernel_with(held).tables
    assert ruleset.stands(surveys(kernel))


def test_a_change_of_nothing_writes_nothing():
    ruleset = Ruleset(SETTINGS)
    ruleset.change(meaning(1))
    assert ruleset.change(meaning(1)) == ()
    assert ruleset.change({"shop/unknown": ()}) == ()


def test_an_endpoint_that_came_touches_only_its_service():
    ruleset = Ruleset(SETTINGS)
    ruleset.change(meaning(1) | meaning(2))
    changed = ruleset.change(meaning(1, 2))
    assert {type(action) for action in changed} == {Put}
    assert {action.chain[:9] for action in changed} == {"KUBE-SVC-", "KUBE-SEP-"}
    assert len(changed) == 2


def test_one_service_among_many_is_one_edit_of_the_shared_chain():
    ruleset = Ruleset(SETTINGS)
    for number in range(200):
        ruleset.change(meaning(number))
    changed = ruleset.change(meaning(201))
    shared = [action for action in changed if action.chain == "KUBE-SERVICES"]
    assert [type(action) for action in shared] == [Insert]


def test_what_a_former_proxy_left_is_removed_and_what_others_have_stays():
    kernel = FakeIptables()
    kernel.run((Put("nat", "KUBE-SEP-OLD", ()), Put("nat", "KUBE-SVC-OLD", (Rule((), Jump("KUBE-SEP-OLD")),))))
    kernel.run((Put("nat", "DOCKER", ()), Insert("nat", "PREROUTING", Rule((), Jump("DOCKER")))))
    ruleset = Ruleset(SETTINGS)
    ruleset.change(meaning(1))
    kernel.run(ruleset.whole(surveys(kernel)))
    assert not {"KUBE-SEP-OLD", "KUBE-SVC-OLD"} & kernel.tables["nat"].keys()
    assert kernel.tables["nat"]["PREROUTING"][-1] == Rule((), Jump("DOCKER"))


def test_writing_everything_twice_changes_nothing():
    ruleset = Ruleset(SETTINGS)
    ruleset.change(meaning(1))
    kernel = FakeIptables()
    kernel.run(ruleset.whole(surveys(kernel)))
    before = kernel.tables
    kernel.run(ruleset.whole(surveys(kernel)))
    assert kernel.tables == before


def drop_a_jump(kernel):
    tables = {table: dict(chains) for table, chains in kernel.tables.items()}
    tables["nat"]["OUTPUT"] = ()
    kernel.tables = tables


def drop_a_rule(kernel):
    kernel.run((Put("nat", "KUBE-SERVICES", ()),))


def drop_everything(kernel):
    kernel.tables = FakeIptables().tables


def add_a_stale_chain(kernel):
    kernel.run((Put("nat", "KUBE-SEP-STALE", ()),))


@pytest.mark.parametrize("damage", [drop_a_jump, drop_a_rule, drop_everything, add_a_stale_chain])
def test_damage_is_seen_and_mended(damage):
    ruleset = Ruleset(SETTINGS)
    ruleset.change(meaning(1))
    kernel = FakeIptables()
    kernel.run(ruleset.whole(surveys(kernel)))
    before = kernel.tables
    assert ruleset.stands(surveys(kernel))
    damage(kernel)
    assert not ruleset.stands(surveys(kernel))
    kernel.run(ruleset.whole(surveys(kernel)))
    assert kernel.tables == before


def test_every_chain_is_one_of_ours_or_built_in():
    kernel = kernel_with(meaning(1) | meaning(2, 2, node_port=30001, externalTrafficPolicy="Local"))
    for table in TABLES:
        for name in kernel.tables[table].keys() - BUILT_IN[table]:
            assert name.startswith((*OWN_PREFIXES, "KUBE-"))


def test_a_service_that_went_leaves_no_chain():
    ruleset = Ruleset(SETTINGS)
    ruleset.change(meaning(1, 2))
    removed = {action.chain for action in ruleset.change({"shop/s1": ()}) if isinstance(action, Remove)}
    assert len(removed) == 3
    assert ruleset.tables() == Ruleset(SETTINGS).tables()


def test_nothing_is_left_of_the_mode_and_all_of_others():
    kernel = FakeIptables()
    kernel.run((Put("nat", "DOCKER", ()), Insert("nat", "PREROUTING", Rule((), Jump("DOCKER")))))
    before, ruleset = kernel.tables, Ruleset(SETTINGS)
    ruleset.change(meaning(1, 2, node_port=30001))
    kernel.run(ruleset.whole(surveys(kernel)))
    kernel.run(ruleset.nothing(surveys(kernel)))
    assert kernel.tables == before


def test_chains_that_the_next_mode_has_written_stay_with_the_jumps_to_them():
    kernel, ruleset = FakeIptables(), Ruleset(SETTINGS)
    ruleset.change(meaning(1, 2))
    kernel.run(ruleset.whole(surveys(kernel)))
    of_other = (Rule((), None, "of the other mode"),)
    kernel.run((Put("nat", "KUBE-SERVICES", of_other),))
    kernel.run(ruleset.nothing(surveys(kernel), frozenset({("nat", "KUBE-SERVICES")})))
    assert kernel.tables["nat"].keys() - BUILT_IN["nat"] == {"KUBE-SERVICES"}
    assert kernel.tables["nat"]["KUBE-SERVICES"] == of_other
    assert kernel.tables["nat"]["OUTPUT"] == JUMPS["nat", "OUTPUT"]
    assert kernel.tables["filter"].keys() == BUILT_IN["filter"]
