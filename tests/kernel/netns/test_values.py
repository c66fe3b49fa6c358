from pyk8s.kernel.netns.values import Add, Remove, path, plan


def test_missing_names_are_made_and_owned_ones_nobody_wants_go_first():
    assert plan(["b", "a"], ["b", "old", "foreign"], owned=["old", "b"]) == (Remove("old"), Add("a"))


def test_an_owned_name_that_is_gone_already_needs_nothing():
    assert plan([], ["foreign"], owned=["old"]) == ()


def test_the_file_of_a_namespace_is_where_iproute2_looks():
    assert path("node-1") == "/run/netns/node-1"
