"""Images: pull policies, errors and back-off, credentials of a registry."""

import pytest

from tests.kubelet import rig
from tests.kubelet.agent import pod, status_of, waits_for

pytestmark = pytest.mark.containers


async def test_never_does_not_pull(node):
    await node.create(pod("web", container={"image": "test.local/none:1", "imagePullPolicy": "Never"}))
    found = await node.until("web", waits_for("ErrImageNeverPull"))
    assert found["status"]["phase"] == "Pending"


async def test_a_registry_that_does_not_answer_is_an_error_and_then_a_back_off(node):
    await node.create(pod("web", container={"image": "127.0.0.1:1/none:1", "imagePullPolicy": "Always"}))
    found = await node.until(
        "web", lambda found: waits_for("ErrImagePull")(found) or waits_for("ImagePullBackOff")(found)
    )
    assert "127.0.0.1:1" in status_of(found)["state"]["waiting"]["message"]
    assert "Pulling" in [each["reason"] for each in await node.events("web")]


async def test_a_name_that_is_none_is_refused(node):
    await node.create(pod("web", container={"image": "not a name"}))
    await node.until("web", waits_for("InvalidImageName"))


async def test_an_image_that_is_there_is_used(node):
    await node.ready(pod("web"))
    messages = [each["message"] for each in await node.events("web")]
    assert f'Container image "{rig.IMAGE}" already present on machine' in messages
