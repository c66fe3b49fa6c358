"""Whole lives of pods on a runtime in memory, in virtual time."""

import contextlib
import tempfile
from pathlib import Path

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import CONFIG_MAPS, EVENTS, NAMESPACES, PODS
from pyk8s.client.fake import FakeClient
from pyk8s.client.interface import PatchType
from pyk8s.kernel.cgroup.fake import FakeGroups
from pyk8s.kernel.mount.fake import FakeMounts
from pyk8s.kubelet.app import Kubelet
from pyk8s.kubelet.config import Config
from pyk8s.kubelet.runtime.fake import FakeRuntime
from pyk8s.kubelet.runtime.interface import ExecResult, ImageView
from pyk8s.kubelet.volumes.mounter import Mounter
from tests.kubelet.virtual import virtual_time


def pod(name="p", metadata=None, **spec):
    container = {"name": "web", "image": "web:1", **spec.pop("web", {})}
    body = {"nodeName": "n", "containers": [container], **spec}
    meta = {"name": name, "namespace": "default", **(metadata or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": body}


class Case:
    """A kubelet, its API and its runtime, all in memory."""

    def __init__(self):
        self.client, self.runtime = FakeClient(), FakeRuntime()
        self.runtime.present["web:1"] = ImageView("sha256:web", ("web:1",), size=1)
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self.config = Config(
            node_name="n",
            node_ip="1.1.1.1",
            root_dir=f"{self.folder}/kubelet",
            pod_logs_dir=f"{self.folder}/logs",
            static_pod_path=f"{self.folder}/manifests",
            capacity={"cpu": "2", "memory": "4Gi"},
        )

    async def __aenter__(self):
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
        await self.client.create(NAMESPACES, orjson.dumps(space))
        await self.start()
        return self

    async def __aexit__(self, *_):
        await self.stop()
        self._folder.cleanup()

    async def start(self):
        self.failures = []
        self._tasks = await Tasks(self.failures.append).__aenter__()
        mounter = Mounter(Path(self.config.root_dir), FakeMounts())
        self.kubelet = Kubelet(
            self.client, self.config, self.runtime, self._tasks, groups=FakeGroups(), mounter=mounter
        )
        self._tasks.start(self.kubelet.run())
        await self.settle()

    async def stop(self):
        await self._tasks.close()
        assert not self.failures

    async def settle(self, seconds=0.01):
        await clock.sleep(seconds)

    async def create(self, made):
        await self.client.create(PODS.within("default"), orjson.dumps(made))
        await self.settle()

    async def get(self, name="p"):
        with contextlib.suppress(ApiError):
            return orjson.loads(await self.client.get(PODS.of(name, "default")))
        return None

    async def status(self, name="p"):
        return (await self.get(name))["status"]

    async def web(self, name="p"):
        return (await self.status(name))["containerStatuses"][0]

    async def delete(self, name="p", **options):
        await self.client.delete(PODS.of(name, "default"), **options)
        await self.settle()

    async def reasons(self):
        await self.kubelet.host.recorder.flush()
        return [orjson.loads(body)["reason"] for body in (await self.client.list(EVENTS)).items]

    def calls(self, *kinds):
        return [call for call in self.runtime.calls if call.startswith(kinds)]


@virtual_time
async def test_a_pod_is_made_in_the_fewest_calls():
    async with Case() as case:
        await case.create(pod())
        assert (await case.status())["phase"] == "Running"
        assert case.calls("run", "create", "start", "image", "pull") == [
            "run_sandbox p",
            "image web:1",
            "create_container web",
            "start_container web",
        ]


@virtual_time
async def test_a_pod_that_is_as_it_should_be_costs_nothing():
    async with Case() as case:
        await case.create(pod())
        before, writes = len(case.runtime.calls), case.client.api.revision
        await case.settle(50)
        assert len(case.runtime.calls) == before
        assert case.client.api.revision == writes


@virtual_time
async def test_a_crashing_container_is_held_back_ever_longer():
    async with Case() as case:
        began = clock.wall()
        starts = []
        case.runtime.program = lambda config: starts.append(round(clock.wall() - began)) or 1
        await case.create(pod())
        await case.settle(1000)
        assert starts == [0, 0, 10, 30, 70, 150, 310, 610, 910]
        assert (await case.web())["state"]["waiting"]["reason"] == "CrashLoopBackOff"


@virtual_time
async def test_a_container_that_ran_long_is_started_again_at_once():
    async with Case() as case:
        await case.create(pod())
        for number in range(1, 4):
            await case.settle(601)
            worker = case.kubelet.pods.find("default", "p")
            case.runtime.end(worker.view().newest("web").id, 1)
            await case.settle(0.2)
            assert (await case.web())["restartCount"] == number


@virtual_time
async def test_a_sandbox_that_cannot_be_made_is_tried_again_later():
    async with Case() as case:
        case.runtime.refusals["run_sandbox"] = "no network"
        await case.create(pod())
        await case.settle(1)
        assert "FailedCreatePodSandBox" in await case.reasons()
        tries = len(case.calls("run_sandbox"))
        assert 2 <= tries <= 3
        del case.runtime.refusals["run_sandbox"]
        await case.settle(60)
        assert (await case.status())["phase"] == "Running"


@virtual_time
async def test_a_container_that_cannot_be_created_says_why():
    async with Case() as case:
        case.runtime.refusals["create_container"] = "no space"
        await case.create(pod())
        await case.settle(0.4)
        waiting = (await case.web())["state"]["waiting"]
        assert waiting == {"reason": "CreateContainerError", "message": "no space"}


@virtual_time
async def test_an_image_that_cannot_be_had_is_tried_after_ten_seconds():
    async with Case() as case:
        await case.create(pod(web={"image": "late:1"}))
        await case.settle(5)
        assert (await case.web())["state"]["waiting"]["reason"] == "ErrImagePull"
        assert len(case.calls("pull")) == 1
        case.runtime.registry["late:1"] = ImageView("sha256:late", ("late:1",))
        await case.settle(6)
        assert (await case.status())["phase"] == "Running"


@virtual_time
async def test_what_a_volume_needs_is_waited_for_and_its_coming_is_noticed():
    async with Case() as case:
        mounts = {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}
        await case.create(pod(web=mounts, volumes=[{"name": "v", "configMap": {"name": "late"}}]))
        await case.settle(30)
        assert (await case.status())["phase"] == "Pending"
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late", "namespace": "default"}}
        await case.client.create(CONFIG_MAPS.within("default"), orjson.dumps(made))
        await case.settle(0.1)
        assert (await case.status())["phase"] == "Running"


@virtual_time
async def test_a_deleted_pod_leaves_the_api_when_nothing_runs_any_more():
    async with Case() as case:
        await case.create(pod(terminationGracePeriodSeconds=9))
        await case.delete()
        assert await case.get() is None
        assert [call.split()[-1] for call in case.calls("stop_container")] == ["9"]
        await case.settle(1)
        assert await case.runtime.sandboxes() == []
        assert len(case.kubelet.pods) == 0
        assert len(case.kubelet.host.objects) == 0


@virtual_time
async def test_the_last_status_is_told_before_a_pod_with_a_finalizer_goes():
    async with Case() as case:
        await case.create(pod(metadata={"finalizers": ["example.com/wait"]}))
        await case.delete()
        await case.settle(5)
        found = await case.get()
        assert found["status"]["phase"] == "Failed"
        assert "terminated" in found["status"]["containerStatuses"][0]["state"]


@virtual_time
async def test_a_pre_stop_hook_uses_up_the_grace():
    async with Case() as case:
        hook = {"lifecycle": {"preStop": {"sleep": {"seconds": 4}}}}
        await case.create(pod(web=hook, terminationGracePeriodSeconds=10))
        await case.delete()
        await case.settle(3.5)
        assert case.calls("stop_container") == []
        await case.settle(1)
        assert [call.split()[-1] for call in case.calls("stop_container")] == ["6"]


@virtual_time
async def test_a_pre_stop_hook_that_does_not_end_is_cut_off():
    async with Case() as case:
        hook = {"lifecycle": {"preStop": {"sleep": {"seconds": 100}}}}
        await case.create(pod(web=hook, terminationGracePeriodSeconds=5))
        await case.delete()
        await case.settle(5.5)
        assert [call.split()[-1] for call in case.calls("stop_container")] == ["2"]


@virtual_time
async def test_a_post_start_hook_runs_once():
    async with Case() as case:
        hook = {"lifecycle": {"postStart": {"exec": {"command": ["hook"]}}}}
        await case.create(pod(web=hook))
        await case.settle(30)
        assert case.calls("exec") == ["exec web hook"]


@virtual_time
async def test_a_failing_liveness_probe_restarts_the_container():
    async with Case() as case:
        well = [True]
        case.runtime.answerer = lambda name, command: ExecResult(0 if well[0] else 1)
        probe = {"livenessProbe": {"exec": {"command": ["ask"]}, "periodSeconds": 1, "failureThreshold": 2}}
        await case.create(pod(web=probe))
        await case.settle(5)
        well[0] = False
        await case.settle(2.5)
        well[0] = True
        await case.settle(1)
        assert (await case.web())["restartCount"] == 1
        assert "Unhealthy" in await case.reasons()


@virtual_time
async def test_a_restarted_kubelet_goes_on_where_it_was():
    async with Case() as case:
        await case.create(pod())
        before = await case.web()
        calls = len(case.calls("run", "create", "start", "stop", "remove"))
        await case.stop()
        await case.start()
        await case.settle(5)
        assert (await case.web())["containerID"] == before["containerID"]
        assert len(case.calls("run", "create", "start", "stop", "remove")) == calls


@virtual_time
async def test_what_nobody_wants_is_removed_at_the_start():
    async with Case() as case:
        await case.create(pod())
        await case.stop()
        await case.client.delete(PODS.of("p", "default"), grace_seconds=0)
        await case.start()
        await case.settle(1)
        assert await case.runtime.sandboxes() == []
        assert case.kubelet.host.mounter.pods() == frozenset()


@virtual_time
async def test_an_end_that_nobody_told_of_is_found_by_comparing():
    async with Case() as case:
        await case.create(pod())
        await case.settle(2)
        worker = case.kubelet.pods.find("default", "p")
        case.runtime.end(worker.view().newest("web").id, 1, told=False)
        await case.settle(5)
        assert (await case.web())["restartCount"] == 0
        await case.settle(case.config.resync_seconds)
        assert (await case.web())["restartCount"] == 1


@virtual_time
async def test_a_runtime_that_goes_away_is_waited_for():
    async with Case() as case:
        case.runtime.refusals |= {"image": "away", "run_sandbox": "away"}
        await case.create(pod())
        await case.settle(3)
        case.runtime.refusals.clear()
        await case.settle(60)
        assert (await case.status())["phase"] == "Running"


@virtual_time
async def test_changed_labels_are_written_into_volumes_and_status_changes_are_not():
    async with Case() as case:
        items = [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]
        await case.create(pod(volumes=[{"name": "v", "downwardAPI": {"items": items}}]))
        uid = (await case.get())["metadata"]["uid"]
        path = Path(case.config.root_dir) / "pods" / uid / "volumes" / "kubernetes.io~downward-api" / "v" / "labels"
        assert path.read_text() == ""
        before = path.resolve()
        await case.settle(20)
        assert path.resolve() == before
        await case.client.patch(PODS.of("p", "default"), b'{"metadata": {"labels": {"a": "b"}}}')
        await case.settle(0.1)
        assert path.read_text() == 'a="b"'


@virtual_time
async def test_a_deadline_ends_a_pod_to_the_second():
    async with Case() as case:
        await case.create(pod(activeDeadlineSeconds=30))
        await case.settle(28)
        assert (await case.status())["phase"] == "Running"
        await case.settle(2.5)
        assert (await case.status())["reason"] == "DeadlineExceeded"


@virtual_time
async def test_two_kubelets_of_other_nodes_pods_do_not_mind_each_other():
    async with Case() as case:
        await case.create(pod("mine"))
        await case.create(pod("other", nodeName="elsewhere"))
        await case.settle(1)
        assert case.calls("run_sandbox") == ["run_sandbox mine"]


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (3, "Failed")])
def test_a_pod_that_ended_stays_so_over_a_restart_of_the_kubelet(code, phase):
    @virtual_time
    async def run():
        async with Case() as case:
            case.runtime.program = lambda config: code
            await case.create(pod(restartPolicy="Never"))
            await case.settle(1)
            assert (await case.status())["phase"] == phase
            await case.stop()
            await case.start()
            await case.settle(20)
            assert (await case.status())["phase"] == phase
            assert len(case.calls("start_container")) == 1

    run()


@virtual_time
async def test_a_pod_that_there_is_no_room_for_fails_and_is_never_started():
    async with Case() as case:
        resources = {"resources": {"requests": {"cpu": "1500m"}}}
        await case.create(pod("first", web=resources))
        await case.create(pod("second", web=resources))
        await case.settle(1)
        assert (await case.status("second"))["phase"] == "Failed"
        assert (await case.status("second"))["reason"] == "OutOfcpu"
        assert case.calls("run_sandbox") == ["run_sandbox first"]
        await case.delete("first")
        await case.settle(1)
        await case.create(pod("third", web=resources))
        assert (await case.status("third"))["phase"] == "Running"


@virtual_time
async def test_a_pod_that_stores_more_than_it_may_is_evicted():
    async with Case() as case:
        await case.create(pod(volumes=[{"name": "v", "emptyDir": {"sizeLimit": "1Mi"}}]))
        uid = (await case.get())["metadata"]["uid"]
        folder = Path(case.config.root_dir) / "pods" / uid / "volumes" / "kubernetes.io~empty-dir" / "v"
        await case.settle(20)
        assert (await case.status())["phase"] == "Running"
        (folder / "big").write_bytes(bytes(2_000_000))
        await case.settle(11)
        found = await case.status()
        assert (found["phase"], found["reason"]) == ("Failed", "Evicted")
        assert 'EmptyDir volume "v" exceeds the limit "1Mi"' in found["message"]
        assert not folder.exists()


@virtual_time
async def test_a_pod_that_was_forced_away_takes_up_no_room_while_it_is_still_being_stopped():
    async with Case() as case:
        resources = {"resources": {"requests": {"cpu": "1500m"}}, "lifecycle": {"preStop": {"sleep": {"seconds": 20}}}}
        await case.create(pod("first", web=resources))
        await case.delete("first", grace_seconds=0)
        await case.create(pod("second", web=resources))
        await case.settle(1)
        assert len(case.kubelet.pods) == 2
        assert (await case.status("second"))["phase"] == "Running"


async def spoil(case, name):
    """Somebody else says that the pod is not ready."""
    unready = {"type": "Ready", "status": "False", "reason": "NodeNotReady"}
    body = orjson.dumps({"status": {"conditions": [unready]}})
    await case.client.patch(PODS.of(name, "default").sub("status"), body, PatchType.STRATEGIC)


async def ready(case, name):
    conditions = (await case.status(name))["conditions"]
    return next(each["status"] for each in conditions if each["type"] == "Ready")


@virtual_time
async def test_what_somebody_else_wrote_into_a_status_is_told_again():
    async with Case() as case:
        await case.create(pod())
        await case.settle(5)
        await spoil(case, "p")
        assert await ready(case, "p") == "False"
        await case.settle(1)
        assert await ready(case, "p") == "True"
        before = case.client.api.revision
        await case.settle(20)
        assert case.client.api.revision == before


@virtual_time
async def test_what_somebody_else_wrote_into_a_mirror_is_told_again():
    async with Case() as case:
        manifest = pod("keeper")
        del manifest["spec"]["nodeName"], manifest["metadata"]["namespace"]
        folder = Path(case.config.static_pod_path)
        folder.mkdir(exist_ok=True)
        (folder / "keeper.json").write_bytes(orjson.dumps(manifest))
        case.kubelet.static.load()
        await case.settle(5)
        await spoil(case, "keeper-n")
        await case.settle(1)
        assert await ready(case, "keeper-n") == "True"
