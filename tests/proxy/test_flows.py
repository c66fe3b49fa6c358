"""The packet table, walked over the rules as values."""

import pytest

from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.proxy.iptables.ruleset import Ruleset
from pyk8s.proxy.iptables.trace import trace
from pyk8s.proxy.packet import fates
from pyk8s.proxy.plan import Settings
from tests.proxy.flows import CLUSTER, FLOWS, GROUND, INTENTS


@pytest.fixture(scope="module")
def tables():
    """The tables of a kernel that was given everything, and then every service once more as a difference."""
    kernel, ruleset = FakeIptables(), Ruleset(Settings(cluster_ranges=(CLUSTER,)))
    ruleset.change(INTENTS)
    kernel.run(ruleset.whole({table: kernel.survey(table) for table in ("nat", "filter")}))
    for key, intents in INTENTS.items():
        kernel.run(ruleset.change({key: ()}))
        kernel.run(ruleset.change({key: intents}))
    return kernel.tables


@pytest.mark.parametrize(("packet", "fate"), FLOWS)
def test_flow(tables, packet, fate):
    assert fates(trace(tables, packet, GROUND)) == fate
