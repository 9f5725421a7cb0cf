"""Addresses of the API that another feature serves, because what they do is private to it: described here by hand."""

from __future__ import annotations

from typing import Any

from zhixun.kernel.errors import N_

_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_SANDBOX: dict[str, Any] = {
    "operationId": "sandbox_by_program",
    "summary": N_("Say what the sandbox gateway should report about a payment of yours. No money moves."),
    "tags": ["Payments and ledger"],
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
            "description": N_("Reported."),
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
            "400": N_("No such outcome."), "401": N_("Nobody is signed in."), "403": N_("Not from our own pages."),
            "404": N_("Not a payment of yours, or not the sandbox’s."), "413": N_("Too much at once."), "415": N_("Not JSON."),
        }.items()},
    },
}  # fmt: skip
_WEBHOOK: dict[str, Any] = {
    "operationId": "webhook",
    "summary": N_("For payment providers: what they report, signed. A report made twice counts once."),
    "tags": ["Payments and ledger"],
    "security": [{}],
    "parameters": [{"name": "gateway", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 40}}],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
    "responses": {
        "200": {
            "description": N_("Taken note of."),
            "content": {"application/json": {"schema": {"type": "object", "properties": {"received": {"type": "string"}}}}},
        },
        **{status: {"description": words, "content": _ERROR} for status, words in {
            "400": N_("Signed, but it makes no sense."), "403": N_("The signature is missing, wrong or too old."),
            "404": N_("No such gateway."), "413": N_("Too much at once."),
        }.items()},
    },
}  # fmt: skip

ELSEWHERE: dict[str, dict[str, Any]] = {
    "/payments/{payment_id}/sandbox": {"post": _SANDBOX},
    "/payments/webhooks/{gateway}": {"post": _WEBHOOK},
}
