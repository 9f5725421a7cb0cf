"""Addresses of the API that another feature serves, because what they do is private to it: described here by hand."""

from __future__ import annotations

from typing import Any

_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_SANDBOX: dict[str, Any] = {
    "operationId": "sandbox_by_program",
    "summary": "Say what the sandbox gateway should report about a payment of yours. No money moves.",
    "tags": ["Money"],
    "security": [{"token": []}, {"cookie": []}],
    "parameters": [
        {"name": "payment_id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["outcome"],
                    "properties": {"outcome": {"enum": ["pay", "fail", "pay_twice", "pay_late"]}},
                }
            }
        },
    },
    "responses": {
        "200": {
            "description": "Reported.",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["id", "gateway", "state", "amount"],
                        "properties": {
                            "id": {"type": "string"},
                            "gateway": {"type": "string"},
                            "state": {"enum": ["pending", "captured", "failed"]},
                            "amount": {"$ref": "#/components/schemas/MoneyShown"},
                        },
                    }
                }
            },
        },
        **{status: {"description": words, "content": _ERROR} for status, words in {
            "400": "No such outcome.", "401": "Nobody is signed in.", "403": "Not from our own pages.",
            "404": "Not a payment of yours, or not the sandbox’s.", "413": "Too much at once.", "415": "Not JSON.",
        }.items()},
    },
}  # fmt: skip
_WEBHOOK: dict[str, Any] = {
    "operationId": "webhook",
    "summary": "For payment providers: what they report, signed. A report made twice counts once.",
    "tags": ["Money"],
    "security": [{}],
    "parameters": [{"name": "gateway", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 40}}],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
    "responses": {
        "200": {
            "description": "Taken note of.",
            "content": {"application/json": {"schema": {"type": "object", "properties": {"received": {"type": "string"}}}}},
        },
        **{status: {"description": words, "content": _ERROR} for status, words in {
            "400": "Signed, but it makes no sense.", "403": "The signature is missing, wrong or too old.",
            "404": "No such gateway.", "413": "Too much at once.",
        }.items()},
    },
}  # fmt: skip

ELSEWHERE: dict[str, dict[str, Any]] = {
    "/payments/{payment_id}/sandbox": {"post": _SANDBOX},
    "/payments/webhooks/{gateway}": {"post": _WEBHOOK},
}
