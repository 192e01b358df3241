"""Ids, made here and handed in everywhere else."""

import hashlib
import secrets

import uuid_utils

_MAX_CHARS = 200


def new_id() -> str:
    """Make a UUIDv7: unique, and in the order of time."""
    return str(uuid_utils.uuid7())


def new_content_id() -> str:
    """Make a content number for labels: random, so that it tells neither time nor customer."""
    return secrets.token_hex(16)


def bounded(external_id: str) -> str:
    """Give a platform's id as it is, or its digest where it is longer than a column."""
    if len(external_id) <= _MAX_CHARS:
        return external_id
    return f"sha256:{hashlib.sha256(external_id.encode()).hexdigest()}"
