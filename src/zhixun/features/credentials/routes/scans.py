"""Scans of a credential: added, taken back, and opened by whoever handed them in and by those who check."""

from __future__ import annotations

from flask import flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.credentials import actions, forms, queries
from zhixun.features.credentials.forms import Typed
from zhixun.features.credentials.queries import ScanLine
from zhixun.features.credentials.rules.scans import UPLOAD_BYTES_MAX
from zhixun.kernel import sealed
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.web import limits
from zhixun.web.downloads import as_file
from zhixun.web.security import current_actor, read, require, work

from . import bp, uploads
from .claims import check_id, own_page, own_url

FIELD = "credentials_scans.scan"
"""What the access log calls it."""


@bp.post("/pro/credentials/<claim_id>/scans")
@require()
@limits.takes_body(UPLOAD_BYTES_MAX)
def add_scans(claim_id: str) -> Response:
    check_id(claim_id)
    with read() as db:
        queries.check_own(db, claim_id, current_actor())
    key = forms.typed(request.form).id
    try:
        scans = uploads.sent()
        if not scans:
            raise Invalid(fields={"scans": N_("Please choose a file.")})
        uploads.keep(claim_id, key, scans)
        with work() as uow:
            actions.add_scans(uow, claim_id=claim_id, key=key, scans=scans)
    except Invalid as error:
        here = {f"scans-{claim_id}": sentence for sentence in error.fields.values()}
        return own_page(Typed(), Invalid(fields=here))
    except Conflict as error:
        return own_page(Typed(), error)
    flash(gettext("Added. Those who check it see it."))
    return redirect(own_url(), 303)


@bp.post("/pro/credentials/<claim_id>/scans/<scan_id>/removal")
@require()
def remove_scan(claim_id: str, scan_id: str) -> Response:
    check_id(claim_id)
    check_id(scan_id)
    try:
        with work() as uow:
            actions.remove_scan(uow, claim_id=claim_id, scan_id=scan_id)
    except Conflict as error:
        return own_page(Typed(), error)
    flash(gettext("Taken back."))
    return redirect(own_url(), 303)


@bp.get("/pro/credentials/<claim_id>/scans/<scan_id>")
@require()
def own_scan(claim_id: str, scan_id: str) -> Response:
    check_id(claim_id)
    check_id(scan_id)
    with read() as db:
        found = queries.own_scan(db, claim_id, scan_id, current_actor())
    return _opened(found)


@bp.get("/review/credentials/<claim_id>/scans/<scan_id>")
@require("reviewer")
def scan_to_check(claim_id: str, scan_id: str) -> Response:
    check_id(claim_id)
    check_id(scan_id)
    with read() as db:
        found = queries.scan_to_check(db, claim_id, scan_id, current_actor())
    return _opened(found)


def _opened(scan: ScanLine) -> Response:
    """A picture is shown, a PDF only ever saved; that a reviewer opened it stands in its owner's access log."""
    kept = service(BlobStore).get(scan.id)
    with read() as db:
        data = kept and sealed.unseal_blob_for(
            db, current_actor(), field=FIELD, blob_id=scan.id, person=scan.owner_id, data=kept
        )
    if not data:
        raise NotFound
    answer = as_file(data, name=scan.name, media_type=scan.media_type)
    answer.headers["Cache-Control"] = "no-store"
    return answer
