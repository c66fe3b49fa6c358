"""A whole cluster for tests, driven as people drive it: by the command and by kubectl."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

BIN = Path(sys.executable).parent
PYK8S, KUBECTL = str(BIN / "pyk8s"), str(BIN / "kubectl")

SECONDS = 120
"""How long one command may take."""


class CommandFailed(AssertionError):
    """A command ended with another exit code than it should."""


class Cluster:
    """One cluster with a home of its own; `options` are more words for its `up`, and `down` removes all of it."""

    def __init__(self, nodes=3, home=None, options=()):
        self.options = options
        self.name = f"t{uuid.uuid4().hex[:6]}"
        self.nodes = nodes
        self.home = Path(home or tempfile.mkdtemp(prefix="pk", dir="/var/tmp"))
        self.environment = {**os.environ, "PYK8S_HOME": str(self.home), "KUBECONFIG": "", "NO_COLOR": "1"}

    def run(self, *words, input=None, code=0, seconds=SECONDS, program=PYK8S):
        """Standard output of `pyk8s WORDS`; `code` None allows any exit code."""
        done = subprocess.run(
            [program, *words],
            input=input,
            capture_output=True,
            text=not isinstance(input, bytes),
            timeout=seconds,
            env=self.environment,
            check=False,
        )
        if code is not None and done.returncode != code:
            raise CommandFailed(f"{' '.join(words)}: exit {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}")
        self.last = done
        return done.stdout

    def __call__(self, *words, **more):
        """A verb on this cluster: `cluster("get", "pods")`."""
        return self.run("--cluster", self.name, *words, **more)

    def kubectl(self, *words, **more):
        """The real kubectl on this cluster."""
        return self.run("--kubeconfig", str(self.kubeconfig), *words, program=KUBECTL, **more)

    def up(self):
        """Bring it up and write its kubeconfig."""
        self.run("cluster", "up", "--name", self.name, "--nodes", str(self.nodes), *self.options, seconds=180)
        return self

    @property
    def kubeconfig(self):
        """The admin's kubeconfig."""
        return self.home / "clusters" / self.name / "kubeconfig"

    def down(self):
        """Take it down with everything it holds."""
        self.run("cluster", "down", "--name", self.name, code=None, seconds=180)
        shutil.rmtree(self.home, ignore_errors=True)

    def json(self, *words):
        """The answer of a verb as JSON."""
        return json.loads(self(*words, "-o", "json"))

    def apply(self, *objects):
        """Apply objects (dicts)."""
        return self("apply", "-f", "-", input="\n---\n".join(json.dumps(each) for each in objects))

    def field(self, target, path):
        """One field of an object, as text: field("pod/web", ".status.phase")."""
        return self("get", target, "-o", f"jsonpath={{{path}}}")

    def exec(self, pod, *command, **more):
        """Standard output of a command in a pod."""
        return self("exec", pod, "--", *command, **more)

    def logs(self, pod, *words):
        """What a pod wrote."""
        return self("logs", pod, *words)

    def wait(self, what, *targets, seconds=60):
        """Wait for objects: wait("condition=Ready", "pod/web")."""
        self("wait", f"--for={what}", *targets, f"--timeout={seconds}s", seconds=seconds + 30)

    def status(self):
        """Every process of the cluster: a list of {role, node, pid, …}."""
        return json.loads(self.run("cluster", "status", "--name", self.name, "-o", "json"))


def eventually(judge, seconds=30, every=0.05):
    """The first true answer of `judge()` within `seconds`: for what happens outside any API (a kernel, a process)."""
    deadline = time.monotonic() + seconds
    while True:
        answer = judge()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {seconds} s: {judge.__name__}")
        # Nothing announces a kernel rule or a remote answer: the only way to know is to look again.
        subprocess.run(["sleep", str(every)], check=True)


def pod(name, command, *, image, labels=None, container=None, **spec):
    """A pod of one container that runs `command` in a shell."""
    main = {
        "name": "main",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", command],
        **(container or {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {"app": name}},
        "spec": {"containers": [main], "terminationGracePeriodSeconds": 2, **spec},
    }


def deployment(name, command, *, image, replicas, container=None, **spec):
    """A deployment of pods as `pod` makes them; `spec` goes into the deployment's."""
    template = pod(name, command, image=image, container=container)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": template["spec"]},
            **spec,
        },
    }


def service(name, port, target, *, selector=None, **spec):
    """A service for `selector` (app=NAME)."""
    ports = [{"port": port, "targetPort": target}]
    body = {"selector": selector or {"app": name}, "ports": ports, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": body}
