"""Zhixun (知询): open-source software for paid one-to-one consulting."""

import zoneinfo

# Every machine gives the same local times: those of the package we ask for by version. Python would look at the
# machine's own tables first, and where they are old, whole countries get the wrong hour.
zoneinfo.reset_tzpath(to=())
