"""Files of a conversation, for programs: sent as a form, because JSON carries no bytes, and fetched as they are."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from werkzeug.wrappers import Response

from zhixun.features.messaging import actions, queries
from zhixun.features.messaging.rules import files as rules
from zhixun.kernel import sealed
from zhixun.kernel.errors import N_, Invalid, NotFound, SignInRequired
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.kernel.values import Actor, is_id
from zhixun.web import limits, live, security
from zhixun.web.downloads import as_file

from . import shown
from .endpoint import WRITES_PER_MINUTE, as_json, bp


@bp.post("/conversations/<conversation_id>/files")
@limits.takes_body(rules.UPLOAD_BYTES_MAX)
def send_files(conversation_id: str) -> Response:
    """A message with files. The same `client_id` twice is sent once."""
    asker = _asker(conversation_id)
    if request.mimetype != "multipart/form-data":
        abort(415)
    limits.limit("api_write", asker.user_id, tries=WRITES_PER_MINUTE, seconds=60)
    limits.limit("send_files", asker.user_id, tries=rules.UPLOADS_MAX, seconds=rules.UPLOADS_SECONDS)
    key, text, files = request.form.get("client_id", ""), request.form.get("text", ""), _files()
    with security.work() as uow:
        kept = actions.seal_files(uow, conversation_id=conversation_id, key=key, files=files)
    for file_id, data in kept:
        service(BlobStore).put(file_id, data)
    with security.work() as uow:
        line = actions.send_message(uow, conversation_id=conversation_id, key=key, text=text.strip(), files=files)
        people = queries.conversation(uow.db, line.conversation_id, uow.actor).people
    live.announce(people, queries.message_frame(line))
    return as_json(shown.message(line).model_dump_json(), 201)


@bp.get("/conversations/<conversation_id>/files/<file_id>")
def conversation_file(conversation_id: str, file_id: str) -> Response:
    asker = _asker(conversation_id, file_id)
    with security.read() as db:
        found = queries.file(db, conversation_id, file_id, asker)
    kept = service(BlobStore).get(found.id)
    with security.read() as db:
        data = kept and sealed.unseal_blob(db, blob_id=found.id, person=found.sender_id, data=kept)
    if not data:
        raise NotFound
    return as_file(data, name=found.name, media_type=found.media_type)


def _asker(*ids: str) -> Actor:
    asker = security.current_actor()
    if not asker.user_id:
        raise SignInRequired
    if not all(is_id(one) for one in ids):
        raise NotFound
    return asker


def _files() -> list[rules.CheckedFile]:
    """What was sent, checked; with `seconds` it is a voice note. Raises Invalid, FileRefused."""
    chosen = [one for one in request.files.getlist("files") if one.filename]
    if not chosen:
        raise Invalid(fields={"files": N_("Please send at least one file.")})
    rules.check_count(len(chosen))
    files = [rules.checked(one.filename or "", one.read()) for one in chosen]
    seconds = request.form.get("seconds", "")
    if not seconds:
        return files
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 3):
        raise Invalid(fields={"seconds": N_("This must be a whole number.")})
    return [rules.voice_note(files, int(seconds))]


_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_FORM = {
    "type": "object",
    "required": ["client_id", "files"],
    "properties": {
        "client_id": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9._:-]+$"},
        "text": {"type": "string", "maxLength": 4000},
        "seconds": {"type": "integer", "minimum": 1, "maximum": 60, "description": N_("Makes one recording a voice note.")},
        "files": {"type": "array", "minItems": 1, "maxItems": rules.FILES_MAX, "items": {"type": "string", "format": "binary"}},
    },
}  # fmt: skip


def _said(summary: str, name: str, ids: tuple[str, ...], success: dict[str, Any], refusals: dict[str, str]) -> Any:
    return {
        "operationId": name, "summary": summary, "tags": ["Talking"], "security": [{"token": []}, {"cookie": []}],
        "parameters": [{"name": one, "in": "path", "required": True, "schema": _ID} for one in ids],
        "responses": {
            **success,
            **{status: {"description": words, "content": _ERROR} for status, words in refusals.items()},
        },
    }  # fmt: skip


FILES: dict[str, dict[str, Any]] = {
    "/conversations/{conversation_id}/files": {
        "post": {
            **_said(
                N_("Send files, with words or without: pictures, sound, PDF, office documents, plain text."),
                "send_files",
                ("conversation_id",),
                {"201": {"description": N_("Sent."),
                         "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MessageShown"}}}}},
                {"400": N_("A file or a field that cannot be."), "401": N_("Nobody is signed in."),
                 "403": N_("Not from our own pages."), "404": N_("Not a conversation of yours."),
                 "409": N_("Closed, or a way to reach each other was found in the words."), "413": N_("Too much at once."),
                 "415": N_("Not a form with files."), "429": N_("Too often.")},
            ),
            "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}},
        }
    },
    "/conversations/{conversation_id}/files/{file_id}": {
        "get": _said(
            N_("A file that was sent, as it is."),
            "conversation_file",
            ("conversation_id", "file_id"),
            {"200": {"description": N_("The file."),
                     "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}},
            {"401": N_("Nobody is signed in."), "404": N_("Not there, taken back, or not for your eyes.")},
        )
    },
}  # fmt: skip
