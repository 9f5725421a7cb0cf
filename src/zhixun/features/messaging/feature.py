from zhixun.events.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingMoved,
    BookingRequested,
    SessionBegan,
    SessionCompleted,
    SessionMissed,
)
from zhixun.events.messaging import FileRemoved
from zhixun.kernel.errors import N_
from zhixun.kernel.feature import Feature, MenuEntry
from zhixun.kernel.personal import Holding

from . import handlers, sockets
from .routes import bp

feature = Feature(
    "messaging",
    blueprints=[bp],
    menu=[MenuEntry("me", "messaging.conversations", "chat", N_("Messages"), 20, marks=("messaging.conversation",))],
    handlers={
        BookingConfirmed: [handlers.open_when_confirmed],
        BookingCancelled: [handlers.show_cancelled],
        BookingRequested: [handlers.show_requested],
        BookingMoved: [handlers.show_moved],
        SessionMissed: [handlers.show_missed],
        SessionBegan: [handlers.show_began],
        SessionCompleted: [handlers.show_completed],
        FileRemoved: [handlers.forget_file],
    },
    sockets={
        "hello": sockets.on_hello,
        "catch_up": sockets.on_catch_up,
        "send": sockets.on_send,
        "read": sockets.on_read,
        "typing": sockets.on_typing,
    },
    personal_data=[Holding(("messaging_conversations", "messaging_messages"))],
)
