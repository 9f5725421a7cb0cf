"""Every page of the product, who opens it, and a real address of each: found by following links, as people do.

The list is the app's own: a page that is added is found by itself, and one that no link leads to wants a deed in `_DEEDS`.
`bench.pages` measures them all.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from html import unescape
from itertools import islice
from typing import Any

import httpx2
from flask import Flask

from zhixun.app import FEATURES

PASSWORD = "zhixun-demo"
ACCOUNTS = {
    "nobody": "", "client": "client@example.com", "consultant": "consultant@example.com", "reviewer": "reviewer@example.com",
    "operator": "operator@example.com",
}  # fmt: skip
NEWCOMER = "newcomer"
"""Someone who signed up a moment ago: every page of theirs is empty."""
OPENED_BY = {
    "/ops": ("operator",), "/review": ("reviewer",), "/pro": ("consultant",), "/me": ("client", NEWCOMER),
    "/sessions": ("client", "consultant"), "/sessions#": ("client", "consultant", NEWCOMER),
    "/messages": ("client", "consultant"), "/messages#": ("client", "consultant", NEWCOMER),
    "/notices": ("client", NEWCOMER), "/plans/": ("client",), "/plans#": ("client", NEWCOMER),
    "/notices/stop": ("nobody",), "/checkout": ("client",), "/pay": ("client",), "/sandbox": ("client",),
    "/become-a-consultant": ("client", NEWCOMER), "/assistant/": ("client",), "/help": ("client", NEWCOMER),
    "/pro/clients/": ("consultant",), "/waitlist/": ("client",), "/series": ("client",),
    "/sessions/<booking_id>/feedback": ("client",), "/sessions/<booking_id>/move": ("consultant",),
    "/sessions/<booking_id>/cancellation": ("client",), "/sessions/<booking_id>/questions": ("client",),
    "/sessions/<booking_id>/help": ("client",), "/sessions/<booking_id>/dispute": ("client",),
    "/sessions/<booking_id>/devices": ("consultant",), "/now#": ("nobody", "client"), "/now/": ("client",),
    "/groups/<group_id>#": ("nobody", "consultant"), "/groups/<group_id>/": ("consultant",),
    "/me/security/app#": (NEWCOMER,),
}  # fmt: skip
"""By the beginning of the address; the longest fits, and "#" is its end. All others are open to everybody."""
FOR_MACHINES = ("/healthz", "/readyz", "/metrics", "/api/", "/static", "/calendar/", "/portrait/", "/suggest")
NOT_OPENED = {
    "/pro/statements": "leads on to the newest month",
    "/pay/<payment_id>": "leads on to the gateway's own page",
    "/erased": "only for who has been erased a moment ago",
    "/plans/orders/<order_id>": "leads on to the payment, or back to the plans",
    "/sign-in/new-password/<token>": "its address stands in a mail",
    "/change-address/<token>": "its address stands in a mail",
    "/confirm-address/<token>": "its address stands in a mail",
    "/sign-in/second": "only between the password and the second factor",
    "/sign-in/lost-factor": "only between the password and the second factor",
    "/waitlist/groups/<group_id>": "only while a group session is full",
    "/assistant/<talk_id>": "leads on to the conversation that is open",
    "/sessions/<booking_id>/absence": "only ten minutes after a start to which the other has not come",
}
"""Pages that the sample cannot show, and why."""
FILES = (".csv", ".ics", ".pdf", ".svg", "/files/<file_id>", "/scans/<scan_id>", "/call")
BY_SECRET = "/notices/stop/<token>"
"""Its address stands in mails only: who has the site's key adds it."""
IDS_TRIED_MAX = 80
LINK = re.compile(r'(?:href|action)="([^"]+)"')
FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)
FIELD = re.compile(r'<input\b[^>]*type="hidden"[^>]*>')
ID = re.compile(r"[0-9a-f]{32}")
GROUP = re.compile(r"/groups/[0-9a-f]{32}")
LOOK = re.compile(r'name="look" value="([^":]+):1"')
CHOICE = re.compile(r'name="choice" value="([^"]+)"')


@lru_cache(maxsize=1)
def every_rule() -> list[str]:
    """Every address with a page, as the app writes it: "/sessions/<booking_id>"."""
    app = Flask("every_page")
    for feature in FEATURES:
        for blueprint in feature.blueprints:
            app.register_blueprint(blueprint)
    read = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    pages = (rule for rule in read if not rule.startswith(FOR_MACHINES) and not rule.endswith(FILES))
    return sorted(rule for rule in pages if rule not in NOT_OPENED)


def opened_by(rule: str) -> tuple[str, ...]:
    fitting = [beginning for beginning in OPENED_BY if f"{rule}#".startswith(beginning)]
    return OPENED_BY[max(fitting, key=len)] if fitting else ("nobody",)


class Person:
    """Someone at a site that runs, without a browser: signed in, or nobody."""

    def __init__(self, address: str, email: str = "") -> None:
        self.http = httpx2.Client(base_url=address, trust_env=False, timeout=60, follow_redirects=True)
        self.kept: list[str] = []
        if email:
            self.send("/sign-in", "/sign-in", email=email, password=PASSWORD)

    def read(self, path: str) -> str:
        """The page's text, or nothing where this person finds no page (or is sent elsewhere)."""
        answer = self.http.get(path)
        return answer.text if answer.status_code == 200 and answer.url.path == path.partition("?")[0] else ""

    def send(self, path: str, action: str, **typed: str) -> httpx2.Response | None:
        """Fill in the page's first form whose action fits; nothing where there is none."""
        for form in FORM.findall(self.read(path)):
            tag = form[: form.index(">")]
            goes_to = re.search(r'action="([^"]*)"', tag)
            to = unescape(goes_to[1]) if goes_to else path
            if "post" in tag and re.fullmatch(action, to):
                return self.http.post(to, data={**_hidden(form), **typed})
        return None


def _hidden(form: str) -> dict[str, str]:
    fields = {}
    for field in FIELD.findall(form):
        name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
        if name:
            fields[name[1]] = unescape(value[1]) if value else ""
    return fields


def newcomer(address: str) -> Person:
    person = Person(address)
    email = f"new-{secrets.token_hex(6)}@example.com"
    person.send("/sign-up", "/sign-up", name="Noa", email=email, password=PASSWORD, zone="Asia/Shanghai", terms="1")
    return person


def everyone(address: str) -> dict[str, Person]:
    return {who: Person(address, email) for who, email in ACCOUNTS.items()} | {NEWCOMER: newcomer(address)}


def examples(people: Mapping[str, Person]) -> dict[tuple[str, str], str]:
    """(rule, who) → an address that this person opens. What is missing has no example."""
    _prepare(people)
    found: dict[tuple[str, str], str] = {}
    for who, person in people.items():
        mine = [rule for rule in every_rule() if who in opened_by(rule)]
        found |= {(rule, who): path for rule, path in _walked(person, mine)}
    return found


def _walked(person: Person, rules: list[str]) -> Iterator[tuple[str, str]]:
    """Plain pages first. What they link to is an example of the others; where no link leads, an id seen on the way may fit."""
    wanted = {rule: re.compile(re.sub("<[^>]+>", "[^/?#]+", rule)) for rule in rules if "<" in rule}
    to_read, ids = [*(rule for rule in rules if "<" not in rule), *person.kept], dict[str, None]()
    while to_read:
        path = to_read.pop(0)
        if text := person.read(path):
            bare = path.partition("?")[0]
            rule = bare if bare in rules else next((one for one, form in wanted.items() if form.fullmatch(bare)), "")
            wanted.pop(rule, None)
            yield rule, path
        for link in dict.fromkeys(re.split("[?#]", unescape(one))[0] for one in LINK.findall(text)):
            ids |= dict.fromkeys(ID.findall(link))
            if link not in rules and link not in to_read and any(form.fullmatch(link) for form in wanted.values()):
                to_read.append(link)
    for rule in wanted:
        tried = (re.sub("<[^>]+>", one, rule) for one in list(ids)[:IDS_TRIED_MAX])
        if path := next(filter(person.read, tried), ""):
            yield rule, path


def _prepare(people: Mapping[str, Person]) -> None:
    """What no sample leaves open: a time on hold and its payment, an order, a dispute, matters that wait for a person."""
    client, operator = people["client"], people["operator"]
    held = _hold(client)
    payment = held["payment"]["id"]
    client.kept += [
        f"/checkout/{held['id']}",
        f"/sandbox/pay/{payment}",
        f"/pay/{payment}/return",
        f"/waitlist/{held['service']}",
        f"/series/new?service={held['service']}",
        *_paid(client, _series(client, held["service"])),
        f"/series/{_series(client, held['service'])['id']}/checkout",
    ]
    operator.kept.append(f"/ops/consultants/{held['listed']}/report")
    consultant = people["consultant"]
    consultant.kept.append(f"/pro/statements/{datetime.now(UTC):%Y-%m}")
    moves = (f"/sessions/{session}/move" for session in reversed(_sessions_of(consultant)))
    consultant.kept += list(islice(filter(consultant.read, moves), 1))  # the next one might begin meanwhile
    for session in _sessions_of(client):
        dispute = {"reason": "short", "words": "It ended ten minutes early.", "how": "all"}
        if client.send(f"/sessions/{session}/dispute", f"/sessions/{session}/dispute", **dispute):
            break
    client.send("/assistant", "/assistant", question="Can I keep my deposit?")
    client.send("/assistant", "/assistant/hand-over", note="Please look at my lease.")
    operator.send("/ops/webhooks", "/ops/webhooks", url="https://example.com/hook", kinds="consultant.unlisted")
    seen = {"kind": "degree", "number": "2026-1", "issuer": "Fudan", "issued_on": "2020-01-01"}
    people["consultant"].send("/pro/credentials", "/pro/credentials", **seen)
    people["reviewer"].send("/review", "/review/[0-9a-f]+/seat")
    people[NEWCOMER].send("/me/security", "/me/security/app")
    people["nobody"].kept += list(dict.fromkeys(GROUP.findall(consultant.read("/pro/groups"))))[:1]
    _ask_now(client)


def _ask_now(client: Person) -> None:
    """Everyone who is available and fits is rung, in the first field where somebody is. Its list is looked at as well."""
    for field in LOOK.findall(client.read("/now")):
        page = f"/now?field={field}"
        if choice := CHOICE.search(client.read(page)):
            client.kept.append(page)
            asked = client.send(page, "/now.*", question="My landlord keeps my deposit.", choice=unescape(choice[1]))
            if asked is not None:
                client.send(asked.url.path, ".*", outcome="pay")
            return


def _program(client: Person) -> httpx2.Client:
    """The client’s own program, for what takes many clicks."""
    http = httpx2.Client(base_url=client.http.base_url, trust_env=False, timeout=60)
    token = http.post("/api/v1/tokens", json={"email": ACCOUNTS["client"], "password": PASSWORD}).json()["token"]
    http.headers["Authorization"] = f"Bearer {token}"
    return http


def _series(client: Person, service: str) -> dict[str, Any]:
    """Two sessions a week apart, held and not paid."""
    http, said = _program(client), "there is no time at all"
    for slot in http.get(f"/api/v1/services/{service}/slots").json()["items"]:
        wanted = {"service_id": service, "start": slot["start"], "weeks_apart": 1, "sessions": 2}
        made = http.post("/api/v1/series", json=wanted)
        if made.status_code == 201:
            found: dict[str, Any] = made.json()
            return found
        said = made.text
    raise AssertionError(f"no time is free two weeks running: {said}")


def _paid(client: Person, series: dict[str, Any]) -> tuple[str, str]:
    """Pay for a series in the sandbox; its page, and the one that ends it."""
    client.send(f"/sandbox/pay/{series['payment']['id']}", ".*", outcome="pay")
    return f"/series/{series['id']}", f"/series/{series['id']}/cancellation"


def _hold(client: Person) -> dict[str, Any]:
    """The first free time of the consultant with the most free times, held for a quarter of an hour and not paid."""
    http = _program(client)
    for consultant in http.get("/api/v1/consultants").json()["items"]:
        for service in http.get(f"/api/v1/consultants/{consultant['id']}").json()["services"]:
            slots = http.get(f"/api/v1/services/{service['id']}/slots").json()["items"]
            for slot in slots[-1:]:
                held = http.post("/api/v1/bookings", json={"service_id": service["id"], "start": slot["start"]})
                if held.status_code == 201:
                    return {**held.json(), "listed": consultant["id"], "service": service["id"]}
    raise AssertionError("nobody has a free time")


def _sessions_of(person: Person) -> list[str]:
    return list(dict.fromkeys(re.findall(r"/sessions/([0-9a-f]{32})\b", person.read("/sessions"))))
