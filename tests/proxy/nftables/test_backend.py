import pytest

from pyk8s.kernel.errors import Unsupported
from pyk8s.kernel.netns.run import entered
from pyk8s.kernel.nftables import run
from pyk8s.kernel.nftables.values import Destination, DestinationLocal
from pyk8s.proxy.nftables.backend import make
from pyk8s.proxy.plan import Settings
from tests.kernel.spaces import spaces
from tests.proxy.nftables.meanings import meaning

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("family", [4, 6])
def test_it_is_made_for_the_namespace_of_its_thread(family):
    with spaces(1) as (netns,), entered(netns):
        made = make(Settings(family=family))
        assert (made.mode, made.family) == ("nftables", family)
        made.ruleset.change(meaning(1) if family == 4 else {})
        made.kernel.run(made.ruleset.whole(made.kernel.survey()))
        assert made.ruleset.stands(made.kernel.survey())
        made.kernel.run(made.ruleset.nothing(made.kernel.survey()))
        assert not made.kernel.survey().exists


def test_node_ports_are_not_looked_up_at_the_loopback():
    with spaces(1) as (netns,), entered(netns):
        made = make(Settings())
        spared = Destination("127.0.0.0/8", negated=True)
        looked = [rule for rule in made.ruleset.held().rules["services"] if DestinationLocal() in rule.matches]
        assert all(spared in rule.matches for rule in looked)
        assert looked


def test_a_machine_that_cannot_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(run, "OLDEST", (9, 9))
    with spaces(1) as (netns,), entered(netns), pytest.raises(Unsupported, match=r"is too old: install .* 9\.9"):
        make(Settings())
