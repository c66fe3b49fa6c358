"""Answers that are no objects of the store: success, and the objects of subresources."""

from __future__ import annotations

import orjson

from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource
from pyk8s.apiserver.request import Answer


def success(resource: Resource | None = None, name: str = "", uid: str = "", code: int = 200) -> Answer:
    """A Status that says it was done, and to what."""
    status: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    if resource is not None:
        details = {"name": name, "group": resource.group, "kind": resource.plural, "uid": uid}
        status["details"] = {key: value for key, value in details.items() if value}
    if code == 201:
        status["code"] = code
    return Answer(orjson.dumps(status), code)


def answer(obj: Object, code: int = 200) -> Answer:
    """An object that is not stored as it is answered."""
    return Answer(orjson.dumps(obj), code)
