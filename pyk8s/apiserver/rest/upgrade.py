"""Exec, attach and port-forward over WebSockets: the HTTP side of `tunnel`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from aiohttp import WSMsgType, web

from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import ApiError, bad_request
from pyk8s.apiserver.request import Connected, Request, Session
from pyk8s.apiserver.tunnel import channels
from pyk8s.apiserver.tunnel.portforward import PortForward
from pyk8s.observe import logs
from pyk8s.wire.spdy import SpdyBroken

log = logs.get("apiserver.tunnel")

TUNNEL = "SPDY/3.1+portforward.k8s.io"
MAX_MESSAGE = 4 * 1024 * 1024
HEARTBEAT = 30.0
"""Seconds after which a silent client is asked whether it is still there."""

BINARY = (WSMsgType.BINARY, WSMsgType.TEXT)


async def open_tunnel(http: web.BaseRequest, request: Request, connected: Connected) -> web.StreamResponse:
    """Upgrade the connection and carry the stream until either side ends it. Raises ApiError before the upgrade."""
    if request.subresource == "portforward":
        websocket = await _upgraded(http, (TUNNEL,))
        await _forward(websocket, connected)
    else:
        websocket = await _upgraded(http, channels.PROTOCOLS)
        await _interact(websocket, connected.open(0))
    return websocket


async def _upgraded(http: web.BaseRequest, protocols: Sequence[str]) -> web.WebSocketResponse:
    upgrade = http.headers.get("Upgrade", "").lower()
    if upgrade.startswith("spdy/"):
        raise bad_request("the SPDY upgrade is not served: use a client that speaks WebSockets (kubectl 1.31 or later)")
    if upgrade != "websocket":
        raise bad_request("Upgrade request required: connect with a WebSocket")
    offered = [one.strip() for one in http.headers.get("Sec-WebSocket-Protocol", "").split(",") if one.strip()]
    if not set(offered) & set(protocols):
        raise bad_request(f"none of the WebSocket subprotocols {offered} is served: use one of {list(protocols)}")
    websocket = web.WebSocketResponse(
        protocols=protocols, heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE, compress=False
    )
    await websocket.prepare(http)
    return websocket


async def _interact(websocket: web.WebSocketResponse, session: Session) -> None:
    """Exec and attach: frames of the session as messages, and back."""
    try:
        async with contextlib.AsyncExitStack() as stack:
            tasks = Tasks(lambda why: log.warning("a client's stream failed", why=why))
            stack.push_async_callback(tasks.close)
            tasks.start(_listen(websocket, session))
            # An empty message on the first channel tells the client that the stream is open.
            await websocket.send_bytes(bytes([channels.STDOUT]))
            await _tell(websocket, session)
    except ConnectionError:
        pass
    finally:
        session.close()
        await websocket.close()


async def _tell(websocket: web.WebSocketResponse, session: Session) -> None:
    try:
        async for frame in session.frames():
            message = channels.message_of(frame)
            if message:
                await websocket.send_bytes(message)
    except ApiError as error:
        await websocket.send_bytes(channels.failure_message(error.status()))


async def _listen(websocket: web.WebSocketResponse, session: Session) -> None:
    """Pass on what the client sends; when it goes, the session ends."""
    try:
        async for message in websocket:
            if message.type in BINARY:
                content = message.data if isinstance(message.data, bytes) else message.data.encode()
                frame = channels.frame_of(content)
                if frame is not None:
                    await session.send(frame)
    except ApiError as error:
        log.debug("the stream ended before its client", why=error)
        return
    session.close()


async def _forward(websocket: web.WebSocketResponse, connected: Connected) -> None:
    """Port-forward: each message is a piece of the SPDY byte stream."""
    forward = PortForward(connected, websocket.send_bytes)
    try:
        async for message in websocket:
            if message.type is WSMsgType.BINARY and not await forward.feed(message.data):
                break
    except SpdyBroken as error:
        log.warning("a port-forward tunnel broke", why=error)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        await forward.close()
        await websocket.close()
