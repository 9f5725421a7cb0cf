"""What is signed, where we speak to, how long we try."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from zhixun.features.webhooks import rules
from zhixun.kernel.errors import Invalid


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = rules.signature(
        secret, delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body='{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "http://example.com/", "ftp://example.com", "https://", "https://me:pw@example.com/",
        "https://example.com/#part", "https://exa mple.com", "https://example.com:0/", "https://example.com:99999/",
        "https://localhost/x", "https://printer.local/", "https://db.internal/", "https://intranet/", "https://127.0.0.1/",
        "https://10.0.0.8/", "https://169.254.169.254/latest", "https://[::1]/", "https://[::ffff:10.0.0.8]/",
        "https://[fd00::1]/", "https://0.0.0.0/", "https://100.64.0.1/", "https://224.0.0.1/", "https://пример.example/",
        "https://example.com/" + "x" * 500,
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_private_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        rules.clean_url(url, private_allowed=False)


@pytest.mark.parametrize("url", ["https://example.com/a?b=c", "https://8.8.8.8:8443/", "https://[2606:4700::1111]/x"])
def test_public_addresses_over_https_are_taken(url: str) -> None:
    assert rules.clean_url(f" {url} ", private_allowed=False) == url


def test_a_house_may_allow_its_own_network() -> None:
    assert rules.clean_url("http://127.0.0.1:9000/hook", private_allowed=True) == "http://127.0.0.1:9000/hook"


def test_ten_tries_within_about_three_days() -> None:
    pauses = [rules.pause_after(tries) for tries in range(1, 11)]
    assert pauses[-1] is None
    assert timedelta(days=3) < sum((one for one in pauses if one), timedelta()) < timedelta(days=3.5)


def test_kinds_are_those_of_the_list() -> None:
    assert rules.clean_kinds(["session.completed", "booking.held"]) == ["booking.held", "session.completed"]
    for wrong in ([], ["booking.held", "money.printed"]):
        with pytest.raises(Invalid):
            rules.clean_kinds(wrong)
