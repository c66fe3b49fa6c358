"""Paths by which the kubelet finds its own again."""

from pyk8s.kubelet.pod import names


def test_everything_of_a_pod_is_below_its_folder():
    folder = names.pod_folder("/root", "u")
    assert names.hosts_file("/root", "u").startswith(f"{folder}/")
    assert names.message_file("/root", "u", "web", 3) == f"{folder}/containers/web/3"
    assert names.volume_folder("/root", "u", "empty-dir", "data") == f"{folder}/volumes/kubernetes.io~empty-dir/data"
    assert names.subpath_target("/root", "u", "data", "web", 1).startswith(f"{folder}/volume-subpaths/")


def test_logs_are_named_as_log_collectors_expect():
    assert names.log_folder("/logs", "ns", "p", "u") == "/logs/ns_p_u"
    assert names.log_path("web", 2) == "web/2.log"
