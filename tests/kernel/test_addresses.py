import pytest

from zhixun.kernel.addresses import is_public, is_public_name


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "10.0.0.1", "100.64.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "240.0.0.1", "::1", "fe80::1",
        "fd00::1", "ff0e::1", "::ffff:10.0.0.1", "::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254", "64:ff9b:1::10.0.0.1", "2002:a00:1::1", "2002:7f00:1::", "2001:0:7f00:1::",
    ],
)  # fmt: skip
def test_what_leads_into_a_private_network_is_not_public_however_it_is_written(number):
    assert not is_public(number)
    assert not is_public_name(number)


@pytest.mark.parametrize(
    "number", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
)
def test_the_public_net_is_public_however_it_is_reached(number):
    assert is_public(number)
