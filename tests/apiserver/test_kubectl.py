"""The real kubectl, verb by verb, against a whole API server. Its streams are tested in tests/apiserver/tunnel."""

import asyncio
import json

import pytest

pytestmark = pytest.mark.programs

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}
"""


@pytest.fixture
async def kubectl(staffed):
    """Runs kubectl and answers what it printed; a failure of it fails the test."""
    cluster, _ = staffed

    async def run(*words, stdin=""):
        outcome = await cluster.kubectl(*words, stdin=stdin)
        assert outcome.code == 0, outcome.err
        return outcome.out

    run.outcome = cluster.kubectl
    run.cluster = cluster
    return run


async def test_apply_says_created_configured_unchanged(kubectl):
    for replicas, said in ((2, "created"), (3, "configured"), (3, "unchanged")):
        assert await kubectl("apply", "-f", "-", stdin=DEPLOYMENT % replicas) == f"deployment.apps/web {said}\n"
    assert await kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "3"
    assert await kubectl("diff", "-f", "-", stdin=DEPLOYMENT % 3) == ""


async def test_get_in_every_form(kubectl):
    assert "NAME   READY" in (await kubectl("get", "pods"))
    wide = await kubectl("get", "pod", "web", "-o", "wide", "--show-labels")
    assert "node-1" in wide
    assert json.loads(await kubectl("get", "pods", "-o", "json"))["kind"] == "List"
    assert await kubectl("get", "pods", "-o", "name") == "pod/pair\npod/web\n"
    assert "spec:" in await kubectl("get", "pod", "web", "-o", "yaml")
    names = await kubectl("get", "pods", "-o", "custom-columns=N:.metadata.name", "--sort-by=.metadata.name")
    assert names == "N\npair\nweb\n"
    assert await kubectl("get", "pods", "--field-selector=metadata.name=web", "-o", "name") == "pod/web\n"
    assert await kubectl("get", "pods", "-A", "--chunk-size=1", "-o", "name") == "pod/pair\npod/web\n"


async def test_a_watch_shows_changes_as_they_come(kubectl):
    async with kubectl.cluster.running("get", "configmaps", "-w", "-o", "name") as process:
        await kubectl("create", "configmap", "first", "--from-literal=a=b")
        assert (await asyncio.wait_for(process.stdout.readline(), 30)) == b"configmap/first\n"
        await kubectl("label", "configmap", "first", "x=y")
        assert (await asyncio.wait_for(process.stdout.readline(), 30)) == b"configmap/first\n"


CREATED = [
    ("namespace", "a"),
    ("configmap", "c", "--from-literal=k=v"),
    ("secret", "generic", "s", "--from-literal=k=v"),
    ("secret", "docker-registry", "d", "--docker-username=u", "--docker-password=p"),
    ("serviceaccount", "bot"),
    ("deployment", "d", "--image=nginx", "--replicas=2", "--port=80"),
    ("job", "j", "--image=busybox", "--", "true"),
    ("cronjob", "cj", "--image=busybox", "--schedule=* * * * *"),
    ("service", "clusterip", "cip", "--tcp=80:8080"),
    ("service", "nodeport", "np", "--tcp=80"),
    ("service", "externalname", "en", "--external-name=example.org"),
    ("ingress", "i", "--rule=host/path=svc:80"),
    ("role", "r", "--verb=get,list", "--resource=pods,deployments.apps"),
    ("rolebinding", "rb", "--role=r", "--user=bob", "--group=dev", "--serviceaccount=default:bot"),
    ("clusterrole", "cr", "--verb=get", "--non-resource-url=/metrics"),
    ("clusterrolebinding", "crb", "--clusterrole=view", "--user=bob"),
    ("quota", "q", "--hard=pods=10,requests.cpu=4"),
    ("poddisruptionbudget", "p", "--selector=a=b", "--min-available=50%"),
    ("priorityclass", "pc", "--value=1000", "--preemption-policy=Never"),
]


@pytest.mark.parametrize("words", CREATED, ids=lambda words: " ".join(words[:2]))
async def test_create(kubectl, words):
    assert "created" in await kubectl("create", *words)
    outcome = await kubectl.outcome("create", *words)
    assert "already exists" in outcome.err


async def test_objects_made_by_flags_are_what_the_flags_say(kubectl):
    await kubectl("create", "deployment", "d", "--image=nginx", "--replicas=2", "--port=80")
    made = json.loads(await kubectl("get", "deployment", "d", "-o", "json"))["spec"]
    assert (made["replicas"], made["selector"]) == (2, {"matchLabels": {"app": "d"}})
    (container,) = made["template"]["spec"]["containers"]
    assert (container["name"], container["image"]) == ("nginx", "nginx")
    assert container["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert (
        "creationTimestamp" not in made["template"]["metadata"] or not made["template"]["metadata"]["creationTimestamp"]
    )


async def test_scale_expose_run_set_and_rollout(kubectl):
    await kubectl("apply", "-f", "-", stdin=DEPLOYMENT % 1)
    await kubectl("scale", "deploy/web", "--replicas=4")
    assert "service/front exposed" in await kubectl("expose", "deploy", "web", "--port=80", "--name=front")
    assert "pod/one created" in await kubectl("run", "one", "--image=nginx", "--labels=a=b")
    await kubectl("set", "image", "deploy/web", "web=nginx:2")
    await kubectl("set", "env", "deploy/web", "A=b")
    await kubectl("rollout", "pause", "deploy/web")
    await kubectl("rollout", "resume", "deploy/web")
    await kubectl("rollout", "restart", "deploy/web")
    made = json.loads(await kubectl("get", "deploy", "web", "-o", "json"))["spec"]
    assert made["replicas"] == 4
    (container,) = made["template"]["spec"]["containers"]
    assert (container["image"], container["env"]) == ("nginx:2", [{"name": "A", "value": "b"}])
    assert "kubectl.kubernetes.io/restartedAt" in made["template"]["metadata"]["annotations"]


async def test_label_annotate_and_every_kind_of_patch(kubectl):
    await kubectl("label", "pod", "web", "a=1")
    await kubectl("label", "pod", "web", "a=2", "--overwrite")
    await kubectl("annotate", "pod", "web", "note=x")
    await kubectl("patch", "pod", "web", "-p", '{"metadata":{"labels":{"b":"1"}}}')
    await kubectl("patch", "pod", "web", "--type=merge", "-p", '{"metadata":{"labels":{"c":"1"}}}')
    await kubectl("patch", "pod", "web", "--type=json", "-p", '[{"op":"add","path":"/metadata/labels/d","value":"1"}]')
    await kubectl("label", "pod", "web", "b-")
    metadata = json.loads(await kubectl("get", "pod", "web", "-o", "json"))["metadata"]
    assert metadata["labels"] == {"a": "2", "c": "1", "d": "1"}
    assert metadata["annotations"] == {"note": "x"}
    assert "web" in await kubectl("get", "pods", "-l", "a in (1,2),!z")


async def test_edit_and_replace(kubectl):
    await kubectl("create", "configmap", "c", "--from-literal=k=old")
    process = await kubectl.cluster.start("edit", "configmap", "c", environment={"EDITOR": "sed -i s/old/new/"})
    out, err = await process.communicate()
    assert b"configmap/c edited" in out, err
    assert await kubectl("get", "configmap", "c", "-o", "jsonpath={.data.k}") == "new"
    text = await kubectl("get", "configmap", "c", "-o", "yaml")
    await kubectl("replace", "-f", "-", stdin=text.replace("new", "newer"))
    assert await kubectl("get", "configmap", "c", "-o", "jsonpath={.data.k}") == "newer"
    stale = await kubectl.outcome("replace", "-f", "-", stdin=text)
    assert "the object has been modified" in stale.err


async def test_wait_and_describe(kubectl):
    await kubectl("wait", "--for=jsonpath={.status.phase}=Running", "pod/web", "--timeout=5s")
    timed = await kubectl.outcome("wait", "--for=condition=Ready", "pod/web", "--timeout=1s")
    assert "timed out" in timed.err
    assert "Node:" in await kubectl("describe", "pod", "web")
    assert "InternalIP:" in await kubectl("describe", "node", "node-1")


async def test_cordon_drain_uncordon(kubectl):
    await kubectl("cordon", "node-1")
    assert "SchedulingDisabled" in await kubectl("get", "nodes")
    await kubectl("uncordon", "node-1")
    assert "SchedulingDisabled" not in await kubectl("get", "nodes")
    dry = await kubectl("drain", "node-1", "--force", "--dry-run=server")
    assert "evicting pod default/web" in dry


async def test_delete(kubectl):
    await kubectl("create", "configmap", "c")
    assert await kubectl("delete", "configmap", "c") == 'configmap "c" deleted from default namespace\n'
    await kubectl("create", "configmap", "d")
    await kubectl("create", "configmap", "e")
    await kubectl("delete", "configmaps", "--all")
    assert await kubectl("get", "configmaps", "-o", "name") == ""
    await kubectl("delete", "pod", "web", "--now", "--wait=false")
    await kubectl("delete", "pod", "pair", "--grace-period=0", "--force")
    assert "pair" not in await kubectl("get", "pods", "-o", "name")


async def test_who_am_i_and_what_may_i(kubectl):
    assert "kubernetes-admin" in await kubectl("auth", "whoami")
    assert await kubectl("auth", "can-i", "delete", "nodes") == "yes\n"
    await kubectl("create", "role", "r", "--verb=get", "--resource=pods")
    await kubectl("create", "rolebinding", "rb", "--role=r", "--serviceaccount=default:default")
    bot = "--as=system:serviceaccount:default:default"
    assert await kubectl("auth", "can-i", "get", "pods", bot) == "yes\n"
    assert (await kubectl.outcome("auth", "can-i", "delete", "pods", bot)).out == "no\n"
    assert "pods" in await kubectl("auth", "can-i", "--list", bot)
    assert "forbidden" in (await kubectl.outcome("get", "secrets", bot)).err


async def test_a_token_of_a_service_account_opens_the_door(kubectl):
    token = (await kubectl("create", "token", "default", "--duration=10m")).strip()
    whoami = await kubectl("auth", "whoami", f"--token={token}", "-o", "json")
    assert json.loads(whoami)["status"]["userInfo"]["username"] == "system:serviceaccount:default:default"


async def test_explain_and_the_lists_of_what_there_is(kubectl):
    explained = await kubectl("explain", "pod.spec.containers.livenessProbe.httpGet")
    assert "HTTPGetAction" in explained
    assert "KIND:       Deployment" in await kubectl("explain", "deploy", "--recursive")
    resources = await kubectl("api-resources", "--sort-by=name")
    assert "deployments" in resources
    assert "nodes" not in await kubectl("api-resources", "--namespaced=true", "-o", "name")
    assert "apps/v1" in (await kubectl("api-versions")).splitlines()
    assert "v1.37" in await kubectl("version")
    assert "control plane" in await kubectl("cluster-info")
    assert "ok" in await kubectl("get", "--raw", "/readyz")


WRONG = [
    ("spec: {containers: [{name: a, image: b, colour: red}]}", 'unknown field "spec.containers[0].colour"'),
    ("spec: {containers: [{name: A_, image: b}]}", "spec.containers[0].name"),
    ("spec: {containers: []}", "spec.containers: Required value"),
    ("spec: {containers: [{name: a, image: b, ports: [{containerPort: 99999}]}]}", "containerPort"),
]


@pytest.mark.parametrize(("spec", "says"), WRONG)
async def test_a_wrong_manifest_is_refused_with_the_field(kubectl, spec, says):
    manifest = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: bad}}\n{spec}\n"
    outcome = await kubectl.outcome("create", "-f", "-", stdin=manifest)
    assert outcome.code != 0
    assert says in outcome.err
    assert "bad" not in await kubectl("get", "pods", "-o", "name")


async def test_what_is_not_there_is_said_as_ever(kubectl):
    assert 'pods "ghost" not found' in (await kubectl.outcome("get", "pod", "ghost")).err
    unknown = await kubectl.outcome("get", "widgets")
    assert 'the server doesn\'t have a resource type "widgets"' in unknown.err
