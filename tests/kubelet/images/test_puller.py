"""Getting images onto the node, in virtual time."""

import asyncio
from base64 import b64encode

import pytest

from pyk8s.aio import clock
from pyk8s.kubelet.errors import PodError, Refused
from pyk8s.kubelet.images.puller import BackOff, Puller, auth_config
from pyk8s.kubelet.runtime.fake import FakeRuntime
from pyk8s.kubelet.runtime.interface import ImageView
from tests.virtual import virtual_time

VIEW = ImageView("sha256:1", ("web:1",), size=7)


class Case:
    """A puller on a runtime in memory, and what it told."""

    def __init__(self, present=False, pullable=True):
        self.runtime = FakeRuntime()
        if present:
            self.runtime.present["web:1"] = VIEW
        if pullable:
            self.runtime.registry["web:1"] = VIEW
        self.puller = Puller(self.runtime)
        self.told = []

    async def ensure(self, policy="IfNotPresent", uid="u", image="web:1", secrets=()):
        return await self.puller.ensure(uid, image, policy, list(secrets), lambda *event: self.told.append(event[1]))

    @property
    def pulls(self):
        return [call for call in self.runtime.calls if call.startswith("pull")]


@virtual_time
async def test_an_image_that_is_there_is_used():
    case = Case(present=True)
    assert await case.ensure() is VIEW
    assert (case.pulls, case.told) == ([], ["Pulled"])


@virtual_time
async def test_always_pulls_what_is_there_too():
    case = Case(present=True)
    assert await case.ensure("Always") is VIEW
    assert len(case.pulls) == 1


@virtual_time
async def test_what_is_not_there_is_pulled_and_told():
    case = Case()
    assert await case.ensure() is VIEW
    assert case.told == ["Pulling", "Pulled"]


@virtual_time
async def test_never_refuses_what_is_not_there():
    case = Case()
    with pytest.raises(PodError) as caught:
        await case.ensure("Never")
    assert caught.value.reason == "ErrImageNeverPull"


@virtual_time
async def test_a_failure_is_held_back_for_longer_each_time():
    case = Case(pullable=False)
    waits = []
    for _ in range(3):
        with pytest.raises(BackOff) as caught:
            await case.ensure()
        assert caught.value.reason == "ErrImagePull"
        waits.append(round(caught.value.until - clock.wall()))
        with pytest.raises(BackOff) as caught:
            await case.ensure()
        assert caught.value.reason == "ImagePullBackOff"
        assert "not found" in caught.value.message
        await clock.sleep(caught.value.until - clock.wall())
    assert waits == [10, 20, 40]


@virtual_time
async def test_a_success_clears_the_failures():
    case = Case(pullable=False)
    with pytest.raises(BackOff):
        await case.ensure()
    await clock.sleep(10)
    case.runtime.registry["web:1"] = VIEW
    await case.ensure()
    del case.runtime.present["web:1"], case.runtime.registry["web:1"]
    with pytest.raises(BackOff) as caught:
        await case.ensure()
    assert round(caught.value.until - clock.wall()) == 10


@virtual_time
async def test_pods_fail_apart():
    case = Case(pullable=False)
    for uid in ("a", "b"):
        with pytest.raises(BackOff) as caught:
            await case.ensure(uid=uid)
        assert caught.value.reason == "ErrImagePull"
    case.puller.forget("a")
    with pytest.raises(BackOff) as caught:
        await case.ensure(uid="a")
    assert caught.value.reason == "ErrImagePull"


@virtual_time
async def test_who_asks_for_the_same_at_the_same_time_shares_one_pull():
    case = Case()
    await asyncio.gather(*(case.ensure(uid=str(number)) for number in range(5)))
    assert len(case.pulls) == 1


@pytest.mark.parametrize("name", ["", " web", "two words"])
def test_what_is_no_name_is_refused(name):
    @virtual_time
    async def run():
        with pytest.raises(PodError) as caught:
            await Case().ensure(image=name)
        assert caught.value.reason == "InvalidImageName"

    run()


@virtual_time
async def test_every_credential_that_fits_is_tried():
    case = Case()
    tried = []

    async def pull(name, auth, config):
        tried.append(auth.username)
        if auth.username != "right":
            raise Refused("unauthorized")
        case.runtime.present[name] = VIEW
        return VIEW.id

    case.runtime.pull = pull
    auths = {"docker.io/web": {"username": "wrong"}, "docker.io": {"auth": b64encode(b"right:secret").decode()}}
    await case.ensure(secrets=[{"auths": auths}])
    assert tried == ["wrong", "right"]


def test_a_docker_entry_as_credentials():
    made = auth_config({"auth": b64encode(b"user:pass:word").decode()})
    assert (made.username, made.password) == ("user", "pass:word")
    assert auth_config({"username": "u", "password": "p"}).password == "p"
    assert auth_config({"identitytoken": "t"}).identity_token == "t"
    assert auth_config({"auth": "not base64"}).username == ""
