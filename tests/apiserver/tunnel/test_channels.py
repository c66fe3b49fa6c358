import orjson
import pytest

from pyk8s.apiserver.tunnel.channels import failure_message, frame_of, message_of, status_of
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb

INWARD = [
    (b"\x00ls\n", pb.StreamFrame(stdin=b"ls\n")),
    (b"\x00", None),
    (b'\x04{"Width":80,"Height":24}', pb.StreamFrame(resize=pb.Resize(width=80, height=24))),
    (b"\x04{", None),
    (b'\x04{"Width":-1,"Height":24}', None),
    (b"\x04[]", None),
    (b"\xff\x00", pb.StreamFrame(stdin_closed=True)),
    (b"\xff\x01", None),
    (b"\x01x", None),
    (b"", None),
]


@pytest.mark.parametrize(("message", "frame"), INWARD)
def test_what_a_message_of_a_client_means(message, frame):
    assert frame_of(message) == frame


OUTWARD = [
    (pb.StreamFrame(stdout=b"out"), b"\x01out"),
    (pb.StreamFrame(stderr=b"err"), b"\x02err"),
    (pb.StreamFrame(stdin=b"x"), b""),
    (pb.StreamFrame(), b""),
]


@pytest.mark.parametrize(("frame", "message"), OUTWARD)
def test_what_a_client_is_told(frame, message):
    assert message_of(frame) == message


def told(result):
    message = message_of(pb.StreamFrame(result=result))
    assert message[0] == 3
    return orjson.loads(message[1:])


def test_a_program_that_ended_well():
    assert told(pb.Result()) == {"metadata": {}, "status": "Success"}


def test_a_program_that_ended_badly_says_its_exit_code():
    status = told(pb.Result(exit_code=42))
    assert (status["status"], status["reason"]) == ("Failure", "NonZeroExitCode")
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "42"}]


def test_a_stream_that_failed_says_why():
    status = {"status": "Failure", "message": "no such container", "code": 500}
    assert status_of(pb.Result(status=orjson.dumps(status), exit_code=1)) == status
    assert failure_message(status)[0] == 3
