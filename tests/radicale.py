"""A real CalDAV server for tests: Radicale on this machine, one person in it, and what their own program would do there."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2

from tests import programs
from zhixun.features.scheduling.rules import Login

GRACE = Login("grace", "pine-7421-grove")
START_SECONDS_MAX = 30


@dataclass(frozen=True)
class Server:
    url: str
    name: str = "diary"

    @property
    def diary(self) -> str:
        """The address of Grace's calendar."""
        return f"{self.url}/grace/{self.name}/"

    def at(self, address: str) -> Server:
        """The same server, with another of Grace's calendars."""
        return replace(self, name=address.rstrip("/").rpartition("/")[2])

    def entries(self) -> dict[str, str]:
        """File name → text, of everything that stands in the calendar."""
        page = self._ask("PROPFIND", self.diary, Depth="1").text
        hrefs = [part.split("<")[0] for part in page.split("<href>")[1:]]
        names = [href.rpartition("/")[2] for href in hrefs if href.endswith(".ics")]
        return {name: self._ask("GET", self.diary + name).text for name in names}

    def put(self, name: str, text: str) -> None:
        self._ask("PUT", f"{self.diary}{name}.ics", text.replace("\n", "\r\n"), Content_Type="text/calendar")

    def delete(self, name: str) -> None:
        self._ask("DELETE", f"{self.diary}{name}.ics")

    def make_calendar(self, name: str = "diary", *, of: str = "VEVENT") -> str:
        address, names = f"{self.url}/grace/{name}/", 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
        parts = f"<C:supported-calendar-component-set><C:comp name='{of}'/></C:supported-calendar-component-set>"
        self._ask("MKCALENDAR", address, f"<C:mkcalendar {names}><set><prop>{parts}</prop></set></C:mkcalendar>")
        return address

    def make_address_book(self) -> str:
        address, names = f"{self.url}/grace/people/", 'xmlns="DAV:" xmlns:A="urn:ietf:params:xml:ns:carddav"'
        what = "<resourcetype><collection/><A:addressbook/></resourcetype>"
        self._ask("MKCOL", address, f"<mkcol {names}><set><prop>{what}</prop></set></mkcol>")
        return address

    def _ask(self, method: str, address: str, body: str = "", **headers: str) -> httpx2.Response:
        answer = httpx2.request(
            method, address, content=body.encode(), headers={name.replace("_", "-"): text for name, text in headers.items()},
            auth=(GRACE.user_name, GRACE.password), timeout=30, trust_env=False,
        )  # fmt: skip
        assert answer.is_success, (method, address, answer.status_code, answer.text)
        return answer


def entry(uid: str, *lines: str) -> str:
    inside = "\n".join(lines)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\n{inside}\nEND:VEVENT\nEND:VCALENDAR\n"


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """The server with Grace's empty calendar."""
    (folder / "people").write_text(f"{GRACE.user_name}:{GRACE.password}\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {
        "server-hosts": f"127.0.0.1:{port}", "auth-type": "htpasswd", "auth-htpasswd-filename": folder / "people",
        "auth-htpasswd-encryption": "plain", "auth-delay": 0, "storage-filesystem-folder": folder / "kept",
        "logging-level": "error", "web-type": "none",
    }  # fmt: skip
    command = [sys.executable, "-m", "radicale", "--config", "", *(f"--{name}={text}" for name, text in told.items())]
    with (folder / "log").open("w") as log:
        process = programs.begin(command, stdout=log, stderr=log)
    server = Server(f"http://127.0.0.1:{port}")
    try:
        _wait_for(port, process, folder)
        server.make_calendar()
        yield server
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + START_SECONDS_MAX
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError((folder / "log").read_text())
