"""Which adapter fulfils which port. Filled once by app.py."""

from typing import Any, TypeVar

Port = TypeVar("Port")

_adapters: dict[type, Any] = {}


def provide(port: type[Port], adapter: Port) -> None:
    _adapters[port] = adapter


def service(port: type[Port]) -> Port:
    """The adapter behind `port`. Never called inside a transaction."""
    return _adapters[port]  # type: ignore[no-any-return]  # `provide` ties each type to its own
