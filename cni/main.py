"""The console script `pyk8s-cni`: the plugin under its own name, and `install`, which puts it where runtimes look.

Installed it starts faster and asks the node's agent first; run as this script it answers alone.
"""

import argparse
import os
import sys

from cni import alone

AGENT_SOCKET = "/run/pyk8s/cni.sock"


def main() -> int:
    """Answer a CNI call when there is one in the environment, else do what the arguments say; the exit code."""
    if os.environ.get("CNI_COMMAND") or len(sys.argv) == 1:
        return alone.main([])
    parser = argparse.ArgumentParser(prog="pyk8s-cni", description="A CNI plugin.")
    install = parser.add_subparsers(required=True).add_parser("install", help="put the plugin into a folder of plugins")
    install.add_argument("folder", nargs="?", default="/opt/cni/bin", help="the folder [%(default)s]")
    install.add_argument(
        "--socket", default=AGENT_SOCKET, help="where a node's agent listens, if one does [%(default)s]"
    )
    install.add_argument("--state", default=alone.STATE_FOLDER, help="what outlives a call [%(default)s]")
    asked = parser.parse_args()

    from pyk8s.network.install import install_programs

    try:
        (file,) = install_programs(asked.folder, asked.socket, asked.state, names=("pyk8s-cni",))
    except OSError as why:
        sys.stderr.write(f"pyk8s-cni: {why.filename or asked.folder}: {why.strerror}\n")
        return 1
    sys.stdout.write(f"{file}\n")
    return 0
