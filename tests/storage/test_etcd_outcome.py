"""Writes whose answer is lost: what is told is what is true."""

import pytest

from pyk8s.storage.etcd.calls import Interrupted
from pyk8s.storage.interface import KeyExists, KeyNotFound, RevisionMismatch
from tests.storage.etcd import running_etcd

pytestmark = pytest.mark.programs

KEY = "/registry/pods/a/web"


@pytest.fixture(scope="module")
def etcd_of_module(tmp_path_factory):
    with running_etcd(tmp_path_factory.mktemp("etcd")) as etcd:
        yield etcd


@pytest.fixture
async def store(etcd_of_module):
    made = await etcd_of_module.connect()
    yield made
    page = await made.list("/registry/")
    for item in page.items:
        await made.delete(item.key)
    await made.close()


@pytest.fixture
async def other(etcd_of_module):
    """Somebody else's connection."""
    made = await etcd_of_module.connect()
    yield made
    await made.close()


def lose(store, *, carried_out, meanwhile=None):
    """Lose the answer of the next Txn of `store`; `meanwhile()` happens before it is tried again."""
    calls = store._calls
    once = calls.once
    lost = []

    async def losing(method, request, *more):
        if method is not calls.kv.Txn or lost:
            return await once(method, request, *more)
        lost.append(request)
        if carried_out:
            await once(method, request, *more)
        if meanwhile is not None:
            await meanwhile()
        raise Interrupted("connection reset")

    calls.once = losing
    return lost


@pytest.mark.parametrize("carried_out", [True, False])
async def test_a_create_is_read_back(store, carried_out):
    lost = lose(store, carried_out=carried_out)
    revision = await store.create(KEY, b"mine")
    assert lost
    item, _ = await store.get(KEY)
    assert (item.value, item.revision) == (b"mine", revision)


@pytest.mark.parametrize("carried_out", [True, False])
async def test_an_update_is_read_back(store, carried_out):
    first = await store.create(KEY, b"1")
    lose(store, carried_out=carried_out)
    revision = await store.update(KEY, b"mine", expected=first)
    item, _ = await store.get(KEY)
    assert (item.value, item.revision) == (b"mine", revision)


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("conditional", [True, False])
async def test_a_delete_is_read_back(store, carried_out, conditional):
    first = await store.create(KEY, b"1")
    lose(store, carried_out=carried_out)
    revision = await store.delete(KEY, expected=first if conditional else 0)
    assert await store.get(KEY) == (None, revision)


async def test_a_create_that_another_won_is_key_exists(store, other):
    async def theirs():
        await other.create(KEY, b"theirs")

    lose(store, carried_out=False, meanwhile=theirs)
    with pytest.raises(KeyExists):
        await store.create(KEY, b"mine")


async def test_a_create_that_happened_and_was_then_changed_by_another_is_told_as_done(store, other):
    revisions = []

    async def theirs():
        item, _ = await other.get(KEY)
        revisions.append(item.revision)
        await other.update(KEY, b"theirs", expected=item.revision)

    lose(store, carried_out=True, meanwhile=theirs)
    assert [await store.create(KEY, b"mine")] == revisions


async def test_what_another_wrote_first_is_not_mine_even_when_it_is_the_same(store, other):
    first = await store.create(KEY, b"1")
    await other.update(KEY, b"mine", expected=first)
    with pytest.raises(RevisionMismatch):
        await store.update(KEY, b"mine", expected=first)
    item, _ = await store.get(KEY)
    await other.delete(KEY)
    with pytest.raises(KeyNotFound):
        await store.delete(KEY, expected=item.revision)


async def test_an_update_that_another_won_is_refused(store, other):
    first = await store.create(KEY, b"1")

    async def theirs():
        await other.update(KEY, b"theirs", expected=first)

    lose(store, carried_out=False, meanwhile=theirs)
    with pytest.raises(RevisionMismatch) as refused:
        await store.update(KEY, b"mine", expected=first)
    assert refused.value.current.value == b"theirs"


async def test_an_update_that_happened_and_was_then_changed_by_another_is_told_as_done(store, other):
    first = await store.create(KEY, b"1")

    async def theirs():
        item, _ = await other.get(KEY)
        await other.delete(KEY, expected=item.revision)
        await other.create(KEY, b"theirs")

    lose(store, carried_out=True, meanwhile=theirs)
    revision = await store.update(KEY, b"mine", expected=first)
    assert revision == first + 1


async def test_an_update_of_what_another_removed_is_key_not_found(store, other):
    first = await store.create(KEY, b"1")

    async def theirs():
        await other.delete(KEY)

    lose(store, carried_out=False, meanwhile=theirs)
    with pytest.raises(KeyNotFound):
        await store.update(KEY, b"mine", expected=first)


async def test_a_delete_of_what_another_changed_is_refused(store, other):
    first = await store.create(KEY, b"1")

    async def theirs():
        await other.update(KEY, b"theirs", expected=first)

    lose(store, carried_out=False, meanwhile=theirs)
    with pytest.raises(RevisionMismatch):
        await store.delete(KEY, expected=first)
    assert (await store.get(KEY))[0].value == b"theirs"


async def test_a_delete_of_whatever_is_there_goes_on_after_another_changed_it(store, other):
    first = await store.create(KEY, b"1")

    async def theirs():
        await other.update(KEY, b"theirs", expected=first)

    lose(store, carried_out=False, meanwhile=theirs)
    revision = await store.delete(KEY)
    assert await store.get(KEY) == (None, revision)


async def test_a_delete_that_happened_before_another_created_the_key_again_is_told_as_done(store, other):
    first = await store.create(KEY, b"1")

    async def theirs():
        await other.create(KEY, b"theirs")

    lose(store, carried_out=True, meanwhile=theirs)
    assert await store.delete(KEY, expected=first) == first + 1
    assert (await store.get(KEY))[0].value == b"theirs"
