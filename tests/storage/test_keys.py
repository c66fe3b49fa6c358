import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.storage import keys


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        (("", "pods", "default", "web"), "/registry/pods/default/web"),
        (("", "nodes", "", "n1"), "/registry/nodes/n1"),
        (("apps", "deployments", "default", "web"), "/registry/apps/deployments/default/web"),
        (("example.com", "widgets", "", "w"), "/registry/example.com/widgets/w"),
    ],
)
def test_the_key_of_an_object(parts, key):
    assert keys.key(*parts) == key


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("/registry/pods/default/web", ("pods", "default/web")),
        ("/registry/nodes/n1", ("nodes", "n1")),
        ("/registry/nodes/n1.example.com", ("nodes", "n1.example.com")),
        ("/registry/policy/poddisruptionbudgets/a/b", ("policy/poddisruptionbudgets", "a/b")),
        ("/registry/example.com/widgets/w", ("example.com/widgets", "w")),
    ],
)
def test_a_key_tells_its_collection(key, parts):
    assert keys.split(key) == parts


@pytest.mark.parametrize(
    "key", ["/other/pods/a/b", "/registry/pods", "/registry/pods/", "/registry/apps/deployments/", ""]
)
def test_a_key_of_no_object_is_refused(key):
    with pytest.raises(ValueError, match="is not the key of an object"):
        keys.split(key)


WORDS = st.text("abcxyz0-", min_size=1, max_size=8)
GROUPS = st.one_of(st.just(""), st.sampled_from(sorted(keys.DOTLESS_GROUPS)), WORDS.map(lambda word: word + ".io"))


@given(GROUPS, WORDS, st.one_of(st.just(""), WORDS), WORDS)
def test_every_key_can_be_taken_apart(group, plural, namespace, name):
    rest = f"{namespace}/{name}" if namespace else name
    assert keys.split(keys.key(group, plural, namespace, name)) == (keys.collection(group, plural), rest)


@given(WORDS, WORDS)
def test_a_range_holds_exactly_what_begins_with_its_prefix(first, second):
    start = f"/registry/{first}/"
    key = f"/registry/{second}/x"
    assert (start.encode() <= key.encode() < keys.end_of(start)) is key.startswith(start)
