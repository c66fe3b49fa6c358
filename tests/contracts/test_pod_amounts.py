"""The API server, the scheduler and the kubelet say the same of what a pod needs and of its class."""

from fractions import Fraction

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.api import podresources
from pyk8s.kubelet import resources as kubelet
from pyk8s.kubelet.spec import Pod
from pyk8s.scheduler import requests as scheduler
from pyk8s.scheduler.objects import PodSpec

AMOUNTS = {"cpu": st.sampled_from(["0", "100m", "1", "2"]), "memory": st.sampled_from(["0", "1Mi", "1Gi"])}


@st.composite
def holders(draw):
    """Resources as the API stores them: a limit alone is a request too."""
    limits = draw(st.fixed_dictionaries({}, optional=AMOUNTS))
    requests = limits | draw(st.fixed_dictionaries({}, optional=AMOUNTS))
    return {"requests": requests, "limits": limits}


@st.composite
def specs(draw):
    def container(name, **more):
        return {"name": name, "image": "x", "resources": draw(holders()), **more}

    restarts = draw(st.lists(st.sampled_from([{}, {"restartPolicy": "Always"}]), max_size=3))
    spec = {
        "containers": [container(f"c{number}") for number in range(draw(st.integers(1, 3)))],
        "initContainers": [container(f"i{number}", **more) for number, more in enumerate(restarts)],
    }
    return spec | draw(st.sampled_from([{}, {"resources": draw(holders())}]))


def pod_of(spec):
    return msgspec.convert({"metadata": {"name": "p", "namespace": "default", "uid": "u"}, "spec": spec}, Pod)


@given(specs())
def test_all_say_the_same_class(spec):
    assert kubelet.qos_class(pod_of(spec)) == podresources.qos_class(spec)


@given(specs())
def test_all_say_the_same_sums(spec):
    exact = podresources.pod_requests(spec)
    cpu, memory = exact.get("cpu", Fraction(0)) * 1000, exact.get("memory", Fraction(0))
    pod = pod_of(spec)
    assert (kubelet.total(pod, "cpu"), kubelet.total(pod, "memory")) == (cpu, memory)
    wanted = scheduler.requested(msgspec.convert(spec, PodSpec))
    assert (wanted.get("cpu", 0), wanted.get("memory", 0)) == (cpu, memory)
