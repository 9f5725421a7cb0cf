from __future__ import annotations

from zhixun.kernel.errors import N_, Conflict


class DecidedAlready(Conflict):
    code, message = "decided_already", N_("This has been decided already.")


class CheckedByYou(Conflict):
    code, message = "checked_by_you", N_("You have checked this one. A second person has to look at it.")


class TooManyClaims(Conflict):
    code, message = "too_many_claims", N_("Ten credentials wait to be checked already. Please wait for some of them.")


class NotVerifiedYet(Conflict):
    code, message = "not_verified_yet", N_("The credentials that this field asks for are not all verified yet.")


class CheckedAlready(Conflict):
    code = "checked_already"
    message = N_("Somebody has checked it already, so its scans stay as they are. Take it back and hand it in anew.")
