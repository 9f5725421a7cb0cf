"""What every choice of helping servers promises; and a real coturn that takes our credentials and no others."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import programs
from zhixun.adapters.ice_servers.coturn import LASTS, Coturn
from zhixun.adapters.ice_servers.host_only import HostOnly
from zhixun.features.calls.ports import IceServers

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PORT, SECRET = 34791, "only for this test"
URLS = ("turn:127.0.0.1:34791?transport=udp", "turns:relay.example.com:5349")


@pytest.fixture(params=["host_only", "coturn"])
def servers(request: pytest.FixtureRequest) -> IceServers:
    stun = ("stun:stun.example.com:3478",)
    if request.param == "host_only":
        return HostOnly(stun)
    return Coturn(turn_urls=URLS, secret=SECRET, stun_urls=stun)


def test_every_choice_names_servers_a_browser_understands(servers):
    found = servers.for_person("ada", NOW)
    assert found[0].urls == ("stun:stun.example.com:3478",)
    for one in found:
        assert all(url.split(":")[0] in {"stun", "stuns", "turn", "turns"} for url in one.urls)
        assert bool(one.username) == bool(one.credential) == one.urls[0].startswith("turn")
        assert not one.credential or one.credential not in repr(one)


def test_nothing_is_named_where_nothing_is_set_up():
    assert HostOnly().for_person("ada", NOW) == []


def test_credentials_are_ones_own_and_end_by_themselves():
    relay = Coturn(turn_urls=URLS, secret=SECRET)
    [ada], [bob] = relay.for_person("ada", NOW), relay.for_person("bob", NOW)
    assert ada.username == f"{int((NOW + LASTS).timestamp())}:ada"
    assert ada.credential != bob.credential
    seal = hmac.new(SECRET.encode(), ada.username.encode(), hashlib.sha1).digest()
    assert ada.credential == base64.b64encode(seal).decode()
    assert timedelta(hours=4) < LASTS, "longer than any session"


@pytest.fixture
def coturn(tmp_path: Path) -> Iterator[None]:
    if shutil.which("turnserver") is None or shutil.which("turnutils_uclient") is None:
        if os.environ.get("CI"):
            pytest.fail("turnserver is missing: apt-get install coturn")
        pytest.skip("turnserver is missing: apt-get install coturn")
    running = programs.begin(
        [
            "turnserver", "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={PORT}",
            "--min-port=51000", "--max-port=51100", "--allow-loopback-peers", "--no-cli", "--no-tls", "--no-dtls",
            "--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=zhixun.test", f"--db={tmp_path}/turndb",
            f"--log-file={tmp_path}/turn.log", "--simple-log", f"--pidfile={tmp_path}/turn.pid",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(1)
    yield
    running.terminate()
    running.wait(10)


def sends_through(username: str, credential: str) -> bool:
    """Whether coturn's own client gets packets through the relay with these credentials."""
    ran = subprocess.run(
        [
            "turnutils_uclient", "-y", "-n", "2", "-m", "1", "-c", "-u", username, "-w", credential, "-p", str(PORT),
            "127.0.0.1",
        ],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    return ran.returncode == 0 and "Total lost packets 0" in ran.stdout + ran.stderr


def test_the_relay_takes_our_credentials_and_no_others(coturn):
    now = datetime.now(UTC)
    [mine] = Coturn(turn_urls=URLS[:1], secret=SECRET).for_person("ada", now)
    [foreign] = Coturn(turn_urls=URLS[:1], secret="another secret").for_person("ada", now)
    [old] = Coturn(turn_urls=URLS[:1], secret=SECRET).for_person("ada", now - LASTS - timedelta(minutes=1))
    assert sends_through(mine.username, mine.credential)
    assert not sends_through(foreign.username, foreign.credential)
    assert not sends_through(old.username, old.credential)
