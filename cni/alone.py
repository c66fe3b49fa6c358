"""Answer one CNI call in this process, without an agent: `python3 -I alone.py [STATE_FOLDER]`."""

import os
import sys

from pyk8s.kernel.netlink import Netlink
from pyk8s.network.hands import make_hands
from pyk8s.network.program import LIMIT, answer

STATE_FOLDER = "/var/lib/cni"


def main() -> int:
    """Answer the call in the environment and on standard input; the exit code."""
    folder = sys.argv[1] if len(sys.argv) > 1 else STATE_FOLDER
    document = sys.stdin.buffer.read(LIMIT + 1)
    with Netlink() as netlink:
        code, output = answer(os.environ, document, make_hands(netlink, folder))
    sys.stdout.buffer.write(output)
    sys.stdout.buffer.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
