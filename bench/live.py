"""How much the live gateway relays and holds, beside a bare Starlette WebSocket relay in the same run.

Run: python -m bench.live [--pairs 20] [--frames 300] [--idle 1000] [--stored 50]

Each line: frames relayed per second, per second of the server's own processor time (which a busy machine does not
change), and the ratio of the latter to the bare relay's. "relayed" frames are handed on and forgotten, like a call's
signals; "stored" ones are chat messages: numbered in PostgreSQL, committed, then shown to both. The last line is the
memory one idle connection takes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect

from tests import postgres
from tests.conftest import TEMPLATE, _make_template
from zhixun.adapters.realtime_hub.memory import MemoryHub
from zhixun.app import create_app
from zhixun.features.messaging import actions
from zhixun.kernel import database
from zhixun.kernel.ports import RealtimeHub
from zhixun.kernel.services import provide
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor
from zhixun.settings import Settings
from zhixun.web import live, security

IN_FLIGHT_MAX = 32
"""Frames a sender has on the way at once, so that nobody measures a full buffer."""
TEXT = "先别签，也别在微信里回「同意」。"


# The server, in a process of its own


def serve(kind: str, port: int, conninfo: str) -> None:
    endpoint = {"bare": _bare, "relayed": live.endpoint, "stored": live.endpoint}[kind]
    if kind == "relayed":
        provide(RealtimeHub, MemoryHub())
        live.configure({"signal": _relay}, rate_limits=False)
    elif kind == "stored":
        create_app(Settings(data_dir=Path(tempfile.mkdtemp()), rate_limits=False), conninfo)
    security.identify_with(lambda token: Actor(token))
    app = Starlette(routes=[WebSocketRoute("/live", endpoint)])
    options: dict[str, Any] = {"log_level": "error", "access_log": False, "lifespan": "off", "backlog": 4096}
    uvicorn.run(app, host="127.0.0.1", port=port, ws_max_size=live.FRAME_BYTES_MAX, **options)


def _relay(actor: Actor, frame: Mapping[str, Any]) -> None:
    live.announce([frame["to"]], frame)


_bare_open: dict[str, WebSocket] = {}


async def _bare(websocket: WebSocket) -> None:
    """The least that relays: who says hello with a token is reachable under it."""
    await websocket.accept()
    try:
        hello = json.loads(await websocket.receive_text())
        _bare_open[hello["token"]] = websocket
        await websocket.send_text('{"type":"welcome"}')
        while True:
            text = await websocket.receive_text()
            await _bare_open[json.loads(text)["to"]].send_text(text)
    except WebSocketDisconnect:
        return


@dataclass(frozen=True)
class Server:
    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def served(kind: str, conninfo: str = "") -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = subprocess.Popen([sys.executable, "-m", "bench.live", "--serve", kind, str(port), conninfo])
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Server(f"ws://127.0.0.1:{port}/live", psutil.Process(running.pid))
    finally:
        running.terminate()
        running.wait(20)


# The browsers


async def _browser(lines: AsyncExitStack, url: str, who: str) -> ClientConnection:
    line = await lines.enter_async_context(connect(url, compression=None, ping_interval=None, open_timeout=60))
    await line.send(json.dumps({"type": "hello", "token": who}))
    while json.loads(await line.recv())["type"] != "welcome":
        pass
    return line


async def _talk(sender: ClientConnection, reader: ClientConnection, frames: list[str]) -> None:
    way = asyncio.Semaphore(IN_FLIGHT_MAX)

    async def read() -> None:
        for _ in frames:
            await reader.recv()
            way.release()

    async def drain() -> None:
        async for _ in sender:
            pass

    reading, draining = asyncio.create_task(read()), asyncio.create_task(drain())
    for frame in frames:
        await way.acquire()
        await sender.send(frame)
    await reading
    draining.cancel()


async def throughput(server: Server, talks: list[tuple[str, str, list[str]]]) -> tuple[float, float]:
    """(frames per second, frames per second of the server's processor time)."""
    async with AsyncExitStack() as lines:
        pairs = [
            (await _browser(lines, server.url, a), await _browser(lines, server.url, b), frames)
            for a, b, frames in talks
        ]
        count, began, cpu = sum(len(frames) for _, _, frames in talks), time.perf_counter(), server.cpu_seconds()
        await asyncio.gather(*(_talk(*pair) for pair in pairs))
        return count / (time.perf_counter() - began), count / max(0.01, server.cpu_seconds() - cpu)


async def idle_kilobytes(server: Server, connections: int) -> float:
    async with AsyncExitStack() as lines:
        for number in range(100):  # what the first connections bring in is not theirs
            await _browser(lines, server.url, f"w{number}")
        before = server.process.memory_info().rss
        for number in range(connections):
            await _browser(lines, server.url, f"i{number}")
        await asyncio.sleep(1)
        return float(server.process.memory_info().rss - before) / 1024 / connections


# The run


def relayed_talks(pairs: int, frames: int) -> list[tuple[str, str, list[str]]]:
    return [
        (f"a{n}", f"b{n}", [json.dumps({"type": "signal", "to": f"b{n}", "number": k, "text": TEXT}) for k in range(frames)])
        for n in range(pairs)
    ]  # fmt: skip


def stored_talks(conninfo: str, pairs: int, frames: int) -> list[tuple[str, str, list[str]]]:
    engine = database.connect(conninfo)
    with unit_of_work() as uow:
        ids = [actions.open_conversation(uow, client_id=f"a{n}", consultant_id=f"b{n}") for n in range(pairs)]
    engine.dispose()
    Session.configure(bind=None)
    said = {"type": "send", "text": TEXT}
    return [
        (f"a{n}", f"b{n}", [json.dumps({**said, "conversation": ids[n], "client_id": f"k{k}"}) for k in range(frames)])
        for n in range(pairs)
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--idle", type=int, default=1_000)
    parser.add_argument("--stored", type=int, default=50, help="chat messages per pair")
    parser.add_argument("--serve", nargs=3, metavar=("KIND", "PORT", "ADDRESS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve[0], int(given.serve[1]), given.serve[2])
        return 0
    talks = relayed_talks(given.pairs, given.frames)
    figures, kilobytes = {}, {}
    for kind in ("bare", "relayed"):
        with served(kind) as server:
            figures[kind] = asyncio.run(throughput(server, talks))
        with served(kind) as server:
            kilobytes[kind] = asyncio.run(idle_kilobytes(server, given.idle))
    with postgres.cluster() as maintenance:
        _make_template(maintenance)
        conninfo = postgres.create(maintenance, "bench", TEMPLATE)
        chat = stored_talks(conninfo, given.pairs, given.stored)
        with served("stored", conninfo) as server:
            figures["stored"] = asyncio.run(throughput(server, chat))
    for kind, (per_second, per_cpu_second) in figures.items():
        ratio = per_cpu_second / figures["bare"][1]
        print(f"{kind:8} {per_second:8.0f} frames/s {per_cpu_second:8.0f} frames/s of processor   ratio {ratio:.2f}")
    print(
        f"idle     {kilobytes['bare']:8.1f} KB bare    {kilobytes['relayed']:8.1f} KB ours   ratio {kilobytes['relayed'] / kilobytes['bare']:.2f}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
