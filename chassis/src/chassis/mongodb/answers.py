"""Idempotency-Keys on MongoDB: claimed first, answered with the aggregate's own update.

A claim holds the digest of the request and the id of the first record that it
makes, so that trying again makes the same record and no second one. The answer
lies in the document that the request wrote until it is collected, and then with
the claim.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from chassis.mongodb.database import AlreadyThere, Document, MongoDatabase
from chassis.mongodb.names import text_of
from chassis.mongodb.transaction import Claim, DocumentTransaction
from chassis.mongodb.writing import answered
from chassis.problems import ExternalIdTaken, IdempotencyKeyReused, Problem, VersionLost
from chassis.storage import Answer
from chassis.transactions import uuid7

_CLAIMS = "idempotency_key"


async def claim(transaction: DocumentTransaction, key: str, request: bytes) -> Answer | None:
    """As `Storage.claim`; from then on the transaction runs under the key."""
    database = transaction.database
    made: Document = {
        "_id": text_of(str(transaction.tenant), transaction.identity.actor, key),
        "tenant": str(transaction.tenant),
        "request": request.hex(),
        "seed": str(uuid7()),
        "created": transaction.moment,
    }
    try:
        await database[_CLAIMS].insert(made)
    except AlreadyThere:
        found = await database[_CLAIMS].find_one({"_id": made["_id"]})
        if found is None:
            raise VersionLost("the first request with this key was undone: try again") from None
        if found["request"] != made["request"]:
            reused = IdempotencyKeyReused(
                "use a new key for a new request", field="Idempotency-Key"
            )
            raise reused from None
        made = found
        answer = await _kept_answer(database, made)
        if answer is not None:
            return answer
    transaction.kept.claim = Claim(made["_id"], made["request"], UUID(made["seed"]))
    return None


async def remember(transaction: DocumentTransaction, answer: Answer) -> None:
    """Keep an answer that no document took along."""
    claim = transaction.kept.claim
    if claim is not None:
        unanswered = {"_id": claim.id, "status": None}
        await transaction.database[_CLAIMS].update(unanswered, {"$set": answered(answer)})


async def undone(transaction: DocumentTransaction, error: BaseException) -> None:
    """Forget the claim of a request that was refused and has written nothing: it may be mended.

    One that lost a race is tried again at once, and keeps it.
    """
    claim = transaction.kept.claim
    refused = isinstance(error, Problem) and not isinstance(error, VersionLost)
    if claim is not None and (refused or isinstance(error, ExternalIdTaken)):
        await transaction.database[_CLAIMS].delete({"_id": claim.id, "status": None})


async def _kept_answer(database: MongoDatabase, claim: Document) -> Answer | None:
    found = _answer(claim)
    for kind in database.kinds.values():
        if found is None:
            holder = await database[kind].find_one(
                {"answers.key": claim["_id"]}, fields=("answers",)
            )
            given = [] if holder is None else holder["answers"]
            found = next((_answer(a) for a in given if a["key"] == claim["_id"]), None)
    if found is None:
        # It may have been collected between the two looks.
        again = await database[_CLAIMS].find_one({"_id": claim["_id"]})
        found = None if again is None else _answer(again)
    return found


def _answer(document: Document) -> Answer | None:
    if not document.get("status"):
        return None
    headers: dict[str, Any] = msgspec.json.decode(document["headers"])
    return Answer(document["status"], headers, document["body"].encode())
