from pathlib import Path

import pytest
import yaml

from pyk8s.apiserver.settings import Etcd, SettingsInvalid, read, settings_of

LEAST = {
    "etcd": "memory",
    "tls": {"certFile": "/a.crt", "keyFile": "/a.key", "clientCAFile": "/ca.crt"},
    "serviceAccount": {"signingKeyFile": "/sa.key"},
}
FULL = LEAST | {
    "clusterName": "demo",
    "etcd": {"endpoints": ["https://h:1"], "caFile": "/e.crt", "certFile": "/c.crt", "keyFile": "/c.key"},
    "https": {"addresses": ["127.0.0.1", "10.0.0.1"], "port": 6443},
    "grpc": {"addresses": ["127.0.0.1"], "port": 6444},
    "serviceAccount": {"issuer": "https://i", "signingKeyFile": "/sa.key", "publicKeyFiles": ["/sa.pub"]},
    "kubelet": {"caFile": "/k.crt", "certFile": "/k.crt", "keyFile": "/k.key"},
    "serviceCIDR": "10.97.0.0/16",
    "nodePortRange": "31000-31999",
    "advertiseAddress": "10.0.0.1",
    "advertisePort": 7443,
    "runDir": "/run/x",
    "logLevel": "debug",
    "defaultNotReadyTolerationSeconds": 5,
}


def test_the_least_that_must_be_said():
    settings = settings_of(LEAST)
    assert (settings.etcd, settings.https.addresses, settings.https.port) == ("memory", ["127.0.0.1"], 0)
    assert settings.kubelet is None
    assert settings.service_account.issuer == "https://kubernetes.default.svc.cluster.local"


def test_everything_that_can_be_said():
    settings = settings_of(FULL)
    assert settings.etcd == Etcd(["https://h:1"], Path("/e.crt"), Path("/c.crt"), Path("/c.key"))
    assert settings.tls.client_ca_file == Path("/ca.crt")
    assert settings.service_account.public_key_files == [Path("/sa.pub")]
    assert (settings.https.port, settings.grpc.port, settings.log_level) == (6443, 6444, "debug")


def test_what_the_registry_is_told():
    config = settings_of(FULL).registry(6443)
    assert (config.service_cidr, config.node_ports, config.issuer) == ("10.97.0.0/16", (31000, 31999), "https://i")
    assert (config.advertise_address, config.advertise_port, config.not_ready_toleration) == ("10.0.0.1", 7443, 5)
    assert settings_of(LEAST).registry(6443).advertise_port == 6443


WRONG = [
    ({"etcd": "disk"}, "etcd"),
    ({"tls": {"certFile": "/a"}}, "keyFile"),
    ({"colour": "red"}, "colour"),
    ({"https": {"port": "many"}}, "https.port"),
    ({"serviceAccount": {}}, "signingKeyFile"),
]


@pytest.mark.parametrize(("change", "says"), WRONG)
def test_a_wrong_field_is_named(change, says):
    with pytest.raises(SettingsInvalid, match=says):
        settings_of(LEAST | change, "apiserver.yaml")


def test_a_range_that_is_none_is_named():
    with pytest.raises(SettingsInvalid, match="nodePortRange"):
        settings_of(LEAST | {"nodePortRange": "30000"}).registry(1)


def test_a_range_of_services_that_cannot_be_is_named():
    with pytest.raises(SettingsInvalid, match=r"serviceCIDR: .*two ranges of one family"):
        settings_of(LEAST | {"serviceCIDR": "10.0.0.0/16,10.1.0.0/16"}).registry(1)


def test_settings_stand_in_a_file(tmp_path):
    (tmp_path / "apiserver.yaml").write_text(yaml.safe_dump(FULL))
    assert read(tmp_path / "apiserver.yaml").cluster_name == "demo"


@pytest.mark.parametrize("text", [None, "a: [", "- a"])
def test_a_file_that_holds_no_settings_is_named(tmp_path, text):
    path = tmp_path / "apiserver.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsInvalid, match=str(path)):
        read(path)
