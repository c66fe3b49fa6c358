"""A node without a control plane, in a machine: the network agent and the proxy on objects that come as lines.

`python3 -m tests.vm.inside.node FILE` (node.yaml's content as JSON). Each line of standard input is JSON, and has one
line in answer, {"ok": …} or {"error": …}:

{"put": OBJECT}     the object is there now, or is so now
{"delete": OBJECT}  it is not
{"told": NODE}      that Node, once it tells where its VXLAN link is found
{"pod": NAME}       a namespace of that name, attached by the CNI program, that answers on port 8080; its addresses
{"gone": NAME}      that pod detached again
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import orjson

from pyk8s import proxy
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import Ref
from pyk8s.client.fake import FakeClient, until
from pyk8s.network import agent
from pyk8s.network.nodes import VTEP
from pyk8s.observe import logs

TALK = Path(__file__).with_name("talk.py")
SECONDS = 60.0


def ref_of(obj):
    """Where an object lies, by its kind."""
    group, _, version = obj["apiVersion"].rpartition("/")
    plural = obj["kind"].lower() + "s"
    return Ref(group, version, plural, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


class Node:
    """What the lines ask for."""

    def __init__(self, client, config):
        self.client, self.config = client, config

    async def put(self, obj):
        """Create or replace an object."""
        ref, body = ref_of(obj), orjson.dumps(obj)
        try:
            await self.client.create(ref.of(""), body)
        except ApiError as why:
            if why.reason != "AlreadyExists":
                raise
            await self.client.update(ref, body)

    async def delete(self, obj):
        """Delete an object."""
        await self.client.delete(ref_of(obj))

    async def told(self, obj):
        """The Node `obj` as this node's agent has it, once it says where its VXLAN link is found."""
        ref = ref_of(obj)

        def held():
            return self.client.api.object(ref.of(""), ref.name)

        await until(self.client, lambda: VTEP in (held()["metadata"].get("annotations") or {}), seconds=SECONDS)
        return {key: value for key, value in held().items() if key != "metadata"} | {
            "metadata": {"name": ref.name, "annotations": held()["metadata"]["annotations"]}
        }

    async def pod(self, name):
        """Attach a pod and let it answer; its addresses."""
        await execute("ip", "netns", "add", name)
        result = await self._cni("ADD", name)
        await execute("ip", "-n", name, "link", "set", "lo", "up")
        words = ("nsenter", f"--net=/run/netns/{name}", "python3", "-IS", str(TALK), "serve", name, "8080")
        serving = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        await asyncio.wait_for(serving.stdout.readline(), SECONDS)
        return [each["address"].split("/")[0] for each in result["ips"]]

    async def gone(self, name):
        """Detach a pod."""
        await self._cni("DEL", name)
        await execute("ip", "netns", "delete", name)

    async def _cni(self, command, name):
        (conflist,) = Path("/etc/cni/net.d").glob("*.conflist")
        listed = json.loads(conflist.read_bytes())
        document = {"cniVersion": listed["cniVersion"], "name": listed["name"]} | listed["plugins"][0]
        said = await execute(
            "/opt/cni/bin/pyk8s-cni",
            given=json.dumps(document),
            CNI_COMMAND=command,
            CNI_CONTAINERID=name,
            CNI_NETNS=f"/run/netns/{name}",
            CNI_IFNAME="eth0",
            CNI_PATH="/opt/cni/bin",
        )
        return json.loads(said) if said else None


async def execute(*words, given="", **environment):
    """What a program prints; raises RuntimeError with its words when it fails."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *words, stdin=pipe, stdout=pipe, stderr=pipe, env=os.environ | environment
    )
    said, errors = await asyncio.wait_for(process.communicate(given.encode()), SECONDS)
    if process.returncode != 0:
        raise RuntimeError(f"{words}: {(said + errors).decode()}")
    return said.decode()


async def obey(node, lines):
    """Answer each line until there are no more."""
    while line := await lines.readline():
        ((verb, what),) = json.loads(line).items()
        try:
            answer = {"ok": await getattr(node, verb)(what)}
        except Exception as why:  # whoever asked decides what it means
            answer = {"error": f"{type(why).__name__}: {why}"}
        print(json.dumps(answer), flush=True)


async def main(config):
    """Start both parts, say "ready" when both are at work, obey."""
    logs.configure("info")
    lines = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    client = FakeClient()
    node = Node(client, config)
    for obj in config.pop("objects"):
        await node.put(obj)
    ready = [asyncio.Event(), asyncio.Event()]
    tasks = [
        asyncio.create_task(part.run(client, config, started=event.set))
        for part, event in zip((agent, proxy), ready, strict=True)
    ]
    at_work = asyncio.gather(*(event.wait() for event in ready))
    await asyncio.wait([at_work, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()
    print(json.dumps({"ok": "ready"}), flush=True)
    obeying = asyncio.create_task(obey(node, lines))
    done, _ = await asyncio.wait([obeying, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_bytes())))
