import pytest
from hypothesis import given
from hypothesis.strategies import integers

from pyk8s.kernel.cgroup.values import Add, Group, Remove, Usage, limits, plan, quota, shares, usage, weight


@pytest.mark.parametrize(
    ("millicores", "expected_shares", "expected_weight"),
    [(0, 2, 1), (100, 102, 4), (1000, 1024, 39), (10**6, 262144, 10000)],
)
def test_a_request_becomes_shares_and_weight(millicores, expected_shares, expected_weight):
    assert (shares(millicores), weight(millicores)) == (expected_shares, expected_weight)


@given(integers(0, 10**7), integers(0, 10**7))
def test_more_cpu_never_gives_less(one, other):
    low, high = sorted((one, other))
    assert shares(low) <= shares(high)
    assert weight(low) <= weight(high)
    assert quota(low) <= quota(high)
    assert 2 <= shares(low) <= 262144
    assert 1 <= weight(low) <= 10000


def test_limits_in_the_words_of_version_1():
    written = {each.file: each.value for each in limits(Group("/g", 500, 250, 1 << 20, 10), 1)}
    assert written == {
        "cpu.shares": "256",
        "cpu.cfs_period_us": "100000",
        "cpu.cfs_quota_us": "50000",
        "memory.limit_in_bytes": "1048576",
        "pids.max": "10",
    }


def test_limits_in_the_words_of_version_2():
    written = {each.file: each.value for each in limits(Group("/g", 500, 250, 1 << 20, 10), 2)}
    assert written == {"cpu.weight": "10", "cpu.max": "50000 100000", "memory.max": "1048576", "pids.max": "10"}


@pytest.mark.parametrize(
    ("version", "values"),
    [(1, {"1024", "100000", "-1", "max"}), (2, {"100", "max 100000", "max"})],
)
def test_no_limit_is_written_too(version, values):
    assert {each.value for each in limits(Group("/g"), version)} == values


def test_parents_are_made_before_and_removed_after_their_children():
    made = plan([Group("/a/b"), Group("/a")], (), 2)
    assert [action.path for action in made if isinstance(action, Add)] == ["/a", "/a/b"]
    removed = plan([], ["/a", "/a/b"], 2, owned=["/a", "/a/b"])
    assert removed == (Remove("/a/b"), Remove("/a"))


@pytest.mark.parametrize(
    ("version", "files", "expected"),
    [
        pytest.param(
            1,
            {
                "cpuacct.usage": "1500000000\n",
                "memory.usage_in_bytes": "1000\n",
                "memory.stat": "cache 9\ntotal_inactive_file 300\n",
                "pids.current": "4\n",
            },
            Usage(1_500_000_000, 700, 4),
            id="version 1",
        ),
        pytest.param(
            2,
            {
                "cpu.stat": "usage_usec 1500\nuser_usec 1\n",
                "memory.current": "1000\n",
                "memory.stat": "inactive_file 300\n",
                "pids.current": "4\n",
            },
            Usage(1_500_000, 700, 4),
            id="version 2",
        ),
        pytest.param(2, {}, Usage(0, 0, 0), id="nothing to read"),
        pytest.param(
            1, {"memory.usage_in_bytes": "5", "memory.stat": "total_inactive_file 9"}, Usage(0, 0, 0), id="race"
        ),
    ],
)
def test_usage(version, files, expected):
    assert usage(files, version) == expected
