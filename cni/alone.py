"""Answer one CNI call in this process, without an agent: `python3 -I alone.py [--again] [STATE_FOLDER]`.

`--again` says that an agent had the call before and ended over it: an ADD begins with taking away what that one left.
"""

import os
import sys

from pyk8s.kernel.netlink import Netlink
from pyk8s.network.hands import make_hands
from pyk8s.network.program import LIMIT, answer

STATE_FOLDER = "/var/lib/cni"

ABOUT = """\
pyk8s-cni: a CNI plugin that connects containers to a bridge, with addresses, host ports, limits and masquerading.
A container runtime runs it, with CNI_COMMAND and the other variables of the CNI specification in its environment and
a network configuration on its standard input. Versions: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0.
To install it into a folder of plugins: pyk8s-cni install /opt/cni/bin
"""


def main(arguments: list[str]) -> int:
    """Answer the call in the environment and on standard input; the exit code."""
    if not os.environ.get("CNI_COMMAND"):
        sys.stderr.write(ABOUT)
        return 0
    again = arguments[:1] == ["--again"]
    folder = arguments[-1] if arguments[again:] else STATE_FOLDER
    document = sys.stdin.buffer.read(LIMIT + 1)
    with Netlink() as netlink:
        hands = make_hands(netlink, folder)
        if again and os.environ["CNI_COMMAND"] == "ADD":
            answer({**os.environ, "CNI_COMMAND": "DEL"}, document, hands)
        code, output = answer(os.environ, document, hands)
    sys.stdout.buffer.write(output)
    sys.stdout.buffer.flush()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
