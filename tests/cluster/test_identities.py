"""Who there is in a cluster, and what their certificates say."""

import pytest
from cryptography import x509

from pyk8s.cluster import identities, wish
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.wish import Wish
from pyk8s.wire import kubeconfig, pki

DEMO = wish.settle(Wish(2), "demo", "0123456789", "172.28.0.0/24", (20001, 20002, 20003, 20004))


@pytest.fixture
def folder(tmp_path):
    made = Folder(tmp_path, "demo")
    made.config.mkdir(parents=True)
    identities.make(made, DEMO, "host", DEMO.nodes)
    return made


@pytest.mark.parametrize(
    ("file", "name", "groups", "authority"),
    [
        ("admin", "kubernetes-admin", ("system:masters",), "ca"),
        ("scheduler", "system:kube-scheduler", (), "ca"),
        ("controllers", "system:kube-controller-manager", (), "ca"),
        ("apiserver-kubelet-client", "kube-apiserver-kubelet-client", (), "ca"),
        ("node-node-1", "system:node:node-1", ("system:nodes",), "ca"),
        ("proxy-node-2", "system:kube-proxy", ("system:node-proxiers",), "ca"),
        ("etcd-client", "kube-apiserver", (), "etcd-ca"),
    ],
)
def test_everybody_is_who_the_authorisation_expects(folder, file, name, groups, authority):
    content = (folder.pki / f"{file}.crt").read_bytes()
    assert pki.identity(content) == pki.Identity(name, groups)
    issuer = x509.load_pem_x509_certificate((folder.pki / f"{authority}.crt").read_bytes())
    x509.load_pem_x509_certificate(content).verify_directly_issued_by(issuer)


def test_the_server_answers_to_every_name_it_is_called_by(folder):
    made = x509.load_pem_x509_certificate((folder.pki / "apiserver.crt").read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    told = {str(each.value) for each in names}
    assert {"kubernetes.default.svc", "localhost", "host", "127.0.0.1", "172.28.0.1", "10.96.0.1"} <= told


def test_a_nodes_certificate_names_its_address(folder):
    made = x509.load_pem_x509_certificate((folder.pki / "node-node-2.crt").read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"node-2", "172.28.0.12"} <= {str(each.value) for each in names}


def test_no_key_is_readable_by_others(folder):
    keys = [*folder.pki.glob("*.key"), *folder.config.glob("*.kubeconfig"), folder.kubeconfig]
    assert len(keys) > 10
    assert {path.stat().st_mode & 0o077 for path in keys} == {0}


def test_doing_it_again_keeps_everything(folder):
    before = {path.name: path.read_bytes() for path in folder.pki.iterdir()}
    identities.make(folder, DEMO, "host", DEMO.nodes)
    assert {path.name: path.read_bytes() for path in folder.pki.iterdir()} == before


def test_nodes_reach_the_server_over_the_bridge_and_the_administrator_over_loopback(folder):
    admin = kubeconfig.load(folder.kubeconfig)
    assert (admin.server, admin.grpc_address) == ("https://127.0.0.1:20001", "127.0.0.1:20002")
    node = kubeconfig.load(folder.config / "node-node-1.kubeconfig")
    assert (node.server, node.grpc_address) == ("https://172.28.0.1:20001", "172.28.0.1:20002")
    assert pki.identity(node.cert).name == "system:node:node-1"


def test_a_node_that_goes_takes_its_keys_with_it(folder):
    identities.forget(folder, "node-2")
    left = [path.name for path in (*folder.pki.iterdir(), *folder.config.iterdir())]
    assert not [name for name in left if "node-2" in name]
    assert [name for name in left if "node-1" in name]
