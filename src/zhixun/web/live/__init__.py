"""The live gateway: one WebSocket address, /live, thin; it calls the features' sockets in a thread pool.

A connection begins with `hello {token?, after: {conversation: seq}, language?}` within HELLO_SECONDS; without a token
the sign-in cookie of our own pages counts. It is answered by `welcome {user, conversations: {id: last seq}}`. From then
on the connection hears what is published for its person, on the channel `user:<id>` of the RealtimeHub.

Messages come in order and exactly once per connection: for each conversation it remembers the last number it sent
(its cursor). A message that follows it is sent; an older one is dropped; a later one means that something was missed,
and the store is asked for what lies between. So live frames may race with the catch-up, be lost, or come twice.

Close codes: 1009 frame too large · 4400 no hello, or not JSON · 4401 not signed in · 4403 a page of another site ·
4408 no hello in time, or silent for IDLE_SECONDS · 4429 too many frames or connections · 4503 reads too slowly: come
back with `after`.
"""

from .gateway import endpoint
from .switchboard import announce, configure, open_connections
from .wire import FRAME_BYTES_MAX

__all__ = ["FRAME_BYTES_MAX", "announce", "configure", "endpoint", "open_connections"]
