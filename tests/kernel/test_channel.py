import errno
import socket

import pytest

from pyk8s.kernel.attributes import attributes, string, text
from pyk8s.kernel.channel import DATAGRAM, DUMP, Request, channel
from pyk8s.kernel.errors import Absent, Refused

pytestmark = pytest.mark.kernel

GENERIC = 16
CONTROL = 16


NOTHING = Request(1, bytes(32), "nothing")
"""A message that the kernel passes over."""


def ask_for(name):
    return Request(CONTROL, bytes((3, 1, 0, 0)) + text(2, name), f"find {name}")


def test_one_question_has_one_answer():
    with channel(GENERIC) as netlink:
        answer = dict(attributes(netlink.ask(ask_for("nlctrl"))[4:]))
    assert string(answer[2]) == "nlctrl"


def test_a_list_is_read_to_its_end_and_the_channel_goes_on():
    with channel(GENERIC) as netlink:
        for _ in range(2):
            names = {
                string(dict(attributes(data[4:]))[2])
                for _, data in netlink.dump(Request(CONTROL, bytes((3, 1, 0, 0)), "list"))
            }
            assert "nlctrl" in names


def test_an_error_names_what_was_asked_for():
    with channel(GENERIC) as netlink, pytest.raises(Absent, match="find nobody"):
        netlink.ask(ask_for("nobody"))


def test_the_first_failure_of_many_is_told_and_the_channel_goes_on():
    many = [NOTHING if number % 100 else ask_for(f"nobody-{number}") for number in range(1, 600)]
    assert sum(len(each.payload) + 16 for each in many) < DATAGRAM
    with channel(GENERIC) as netlink:
        with pytest.raises(Absent, match="find nobody-100"):
            netlink.run(many)
        assert netlink.ask(ask_for("nlctrl"))


def test_more_than_a_datagram_goes_in_several():
    with channel(GENERIC) as netlink:
        netlink.run(NOTHING for _ in range(3000))
        with pytest.raises(Absent, match="find last"):
            netlink.run([*(NOTHING for _ in range(3000)), ask_for("last")])


def test_where_all_fail_the_first_is_told():
    vain = [Request(CONTROL, bytes((77, 1, 0, 0)), f"ask in vain {number}") for number in range(1500)]
    with channel(GENERIC) as netlink:
        for _ in range(2):
            with pytest.raises(Refused, match="ask in vain 0:"):
                netlink.run(vain)


def test_nothing_is_no_message():
    with channel(GENERIC) as netlink:
        assert netlink.run([]) is None


def test_a_list_of_what_cannot_be_listed_is_refused():
    with channel(GENERIC) as netlink, pytest.raises(Refused, match="list nothing"):
        list(netlink.dump(Request(CONTROL, bytes((77, 1, 0, 0)), "list nothing", DUMP)))


def test_a_namespace_that_is_not_there_is_absent():
    with pytest.raises(Absent, match="/nowhere"), channel(GENERIC, "/nowhere/at/all"):
        pass


def test_a_protocol_that_is_none_is_refused():
    with pytest.raises(Refused, match="netlink socket 99"), channel(99):
        pass


@pytest.mark.parametrize(
    "say",
    [
        lambda netlink, big: netlink.run([big]),
        lambda netlink, big: netlink.ask(big),
        lambda netlink, big: list(netlink.dump(big)),
    ],
    ids=["run", "ask", "dump"],
)
def test_what_the_kernel_has_no_room_for_is_refused_and_the_channel_goes_on(say):
    with channel(GENERIC) as netlink:
        netlink._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        with pytest.raises(Refused, match="tell much") as raised:
            say(netlink, Request(1, bytes(30000), "tell much"))
        assert raised.value.number == errno.EMSGSIZE
        assert netlink.ask(ask_for("nlctrl"))
