"""A proxy at work on a world's node, fed by an API in memory."""

import asyncio

import orjson
import yaml

from pyk8s import proxy
from pyk8s.api.refs import CONFIG_MAPS, ENDPOINT_SLICES, NAMESPACES, SERVICES
from pyk8s.client.fake import FakeClient
from tests.proxy.flows import CLUSTER, NODE, SERVICE_RANGE, in_family

SHOP_SERVICES, SHOP_SLICES = SERVICES.within("shop"), ENDPOINT_SLICES.within("shop")
SLICE = SHOP_SLICES.of("web-1")
CONFIG = CONFIG_MAPS.within("kube-system")


class Running:
    """A world whose node runs the proxy; `options` stand in node.yaml under "proxy"."""

    def __init__(self, made, loop, **options):
        self.world, self.loop = made, loop
        self.options = {"mode": "iptables", "healthzBindAddress": "127.0.0.1:10256"} | options
        self.backend = options.get("iptablesBackend")
        self.client = loop.do(self._begin)

    async def _begin(self):
        client = FakeClient()
        for name in ("shop", "kube-system"):
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            await client.create(NAMESPACES, orjson.dumps(body))
        self.start(client)
        return client

    def start(self, client):
        """Run the proxy; on the loop."""
        family = self.world.family
        config = {
            "nodeName": "here",
            "nodeIP": in_family(NODE, family),
            "clusterCIDR": in_family(CLUSTER, family),
            "serviceCIDR": in_family(SERVICE_RANGE, family),
            "proxy": self.options,
        }
        self.task = asyncio.create_task(proxy.run(client, config))

    def create(self, ref, body):
        self.loop.do(lambda: self.client.create(ref, orjson.dumps(body)))

    def update(self, ref, body):
        self.loop.do(lambda: self.client.update(ref, orjson.dumps(body)))

    def delete(self, ref):
        self.loop.do(lambda: self.client.delete(ref))

    def configure(self, mode, *, first=False):
        """Say in kube-proxy's ConfigMap which mode is wanted."""
        document = {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": mode}
        metadata = {"name": "kube-proxy", "namespace": "kube-system"}
        data = {"config.conf": yaml.safe_dump(document)}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        if first:
            self.create(CONFIG, body)
        else:
            self.update(CONFIG.of("kube-proxy"), body)

    def stop(self):
        async def end():
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

        self.loop.do(end)

    def restart(self):
        """End the proxy, and start another in its place."""

        async def again():
            self.start(self.client)

        self.stop()
        self.loop.do(again)
