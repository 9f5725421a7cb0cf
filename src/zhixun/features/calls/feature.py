from zhixun.events.booking import SessionCompleted
from zhixun.kernel.feature import Feature

from . import handlers, sockets
from .routes import attendance_panel, bp

feature = Feature(
    "calls",
    blueprints=[bp],
    handlers={SessionCompleted: [handlers.record_attendance]},
    sockets={"join": sockets.on_join, "leave": sockets.on_leave, "signal": sockets.on_signal},
    panels={"session": attendance_panel},
)
