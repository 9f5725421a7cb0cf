"""When a consultant can be booked: weekly hours, exceptions, the slots that follow from them, and the times taken."""
