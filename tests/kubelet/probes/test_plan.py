"""What a series of answers says."""

import pytest

from pyk8s.kubelet.probes.plan import Tally, count, first_at, next_at
from pyk8s.kubelet.spec.container import Probe


@pytest.mark.parametrize(
    ("answers", "success", "failure", "verdicts"),
    [
        ([True], 1, 3, [True]),
        ([False, False, False], 1, 3, [None, None, False]),
        ([False, False, True], 1, 3, [None, None, True]),
        ([True, False, False, True], 1, 3, [True, True, True, True]),
        ([True, False, False, False, True], 1, 3, [True, True, True, False, True]),
        ([True, True, False, True, True, True], 3, 1, [None, None, False, False, False, True]),
    ],
)
def test_the_verdict_changes_at_the_threshold(answers, success, failure, verdicts):
    probe, tally, seen = Probe(success_threshold=success, failure_threshold=failure), Tally(), []
    for answer in answers:
        tally = count(tally, probe, answer)
        seen.append(tally.verdict)
    assert seen == verdicts


def test_when_to_ask():
    probe = Probe(initial_delay_seconds=5, period_seconds=10)
    assert first_at(probe, 100.0) == 105.0
    assert next_at(probe, 105.0, 105.2) == 115.0
    assert next_at(probe, 105.0, 130.0) == 130.0
    assert next_at(Probe(period_seconds=0), 1.0, 1.0) == 2.0
