"""One port, one process: the live gateway (/live), the Flask app (everything else), and the worker beside them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import uvicorn
from a2wsgi import WSGIMiddleware
from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute
from uvicorn.supervisors import Multiprocess
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import FileWrapper

from zhixun import worker
from zhixun.app import create_app
from zhixun.settings import Settings
from zhixun.web import bodies, live, shell

Door = socket.socket

PAGE_THREADS = 12
"""Pages built at once in one process; no more than the database connections of the pool."""
FILE_PIECE_BYTES = 1_000_000
KEEP_ALIVE_SECONDS = 30
BEGIN_SECONDS_MAX = 60
"""How long one of several processes may take to begin, before it is thought dead and begun again."""
STOP_SECONDS_MAX = 10
WORKER_STOP_SECONDS_MAX = 15


def build(settings: Settings, conninfo: str) -> Starlette:
    """The whole site. With one process the worker lives in it; with several, `zhixun worker` runs apart."""
    pages: Any = _told_how_bodies_go(create_app(settings, conninfo).wsgi_app)
    # A queue without an end: a thread hands over what it made and is free, and bodies waits for whoever reads it.
    threads: Any = WSGIMiddleware(pages, workers=PAGE_THREADS, send_queue_size=0)
    mounted: Any = bodies.gathered(threads)
    return Starlette(
        routes=[
            WebSocketRoute("/live", live.endpoint),
            Mount("/", mounted),
        ],
        lifespan=_with_worker(conninfo) if settings.workers == 1 else None,
    )


def _told_how_bodies_go(pages: Callable[..., Any]) -> Callable[..., Any]:
    """A body sent in chunks has no length; the input ends where the body does, and without this word it is not read.
    Files are handed over in few pieces: each costs a word between two threads."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.input_terminated"] = True
        environ["wsgi.file_wrapper"] = lambda file, _: FileWrapper(file, FILE_PIECE_BYTES)
        if "CONTENT_LENGTH" not in environ:
            environ["wsgi.input"] = _Unmeasured(environ["wsgi.input"])
        return pages(environ, start_response)

    return answer


class _Unmeasured:
    """A body that came without a length: one that is longer than any may be is refused, where Werkzeug would cut it short."""

    def __init__(self, body: Any) -> None:
        self._body, self._left = body, shell.BODY_BYTES_MAX - 1

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._body.read(size if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise RequestEntityTooLarge
        return data


def _with_worker(conninfo: str) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        stop = asyncio.Event()
        work = asyncio.create_task(worker.run(conninfo, stop), name="worker")
        yield
        stop.set()
        with contextlib.suppress(TimeoutError):  # A handler that does not end is found by the next worker.
            await asyncio.wait_for(work, WORKER_STOP_SECONDS_MAX)

    return lifespan


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else is started. Raises OSError where it is taken or not ours to take."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    taken = socket.socket(family, kind)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(address)
    except OSError:
        taken.close()
        raise
    taken.set_inheritable(True)
    return taken


def serve(settings: Settings, conninfo: str, door: socket.socket, when_open: Callable[[], None]) -> None:
    """Answer at `door` until SIGTERM or Ctrl-C. `when_open` is called once pages are answered."""
    options: dict[str, Any] = {
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": STOP_SECONDS_MAX,
        "timeout_worker_healthcheck": BEGIN_SECONDS_MAX,
        "ws_max_size": live.FRAME_BYTES_MAX,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": list(settings.trusted_proxies),
    }
    if settings.workers == 1:
        server = _Announcing(uvicorn.Config(build(settings, conninfo), **options))
        server.when_open = when_open
        server.run(sockets=[door])
        return
    settings.hand_on(conninfo)
    config = uvicorn.Config("zhixun.asgi:one_of_several", factory=True, workers=settings.workers, **options)
    when_open()
    Multiprocess(config, sockets=[door]).run()


class _Announcing(uvicorn.Server):
    when_open: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.when_open()


def one_of_several() -> Starlette:
    """What each process of `serve --workers N` starts from."""
    return build(*Settings.handed_on())
