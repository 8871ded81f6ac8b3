"""
Compares what a model states with what is installed; prints the differences as a JSON list.

Run by test_libraries.py in the environment of the library: python prove_names.py QUESTION.json
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MISSING = object()


def main() -> None:
    warnings.simplefilter("ignore")
    question = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps(sorted(differences(question))))  # noqa: T201 - the answer


def differences(question: dict[str, Any]) -> Iterator[str]:
    for name, stated in question["classes"].items():
        cls = live(name)
        if isinstance(cls, type):
            yield from class_differences(name, cls, stated)
        else:
            yield f"{name} is no class"
    for other, name in question["also"].items():
        found = live(other)
        if found is not MISSING and isinstance(found, type) and found is not live(name):
            yield f"{other} is another class than {name}"
    for name, words in question["calls"].items():
        called = live(name)
        known = parameters(called)
        if called is MISSING:
            yield f"{name} does not exist"
        elif known is not None:
            yield from (f"{name} has no parameter {word}" for word in words["all"] if word not in known)
            if words["any"] and known.isdisjoint(words["any"]):
                yield f"{name} has none of the parameters {words['any']}"
    yield from generated_differences(question["generated"])


def generated_differences(stated: dict[str, list[str]]) -> Iterator[str]:
    """What boto3 makes of the descriptions of services: methods of clients, actions of resources."""
    if not stated:
        return
    boto3: Any = importlib.import_module("boto3")
    session = boto3.session.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-west-1")  # noqa: S106 - no key
    queue = session.resource("sqs").Queue("https://queue.invalid")
    made = {"client": session.client("sqs"), "Queue": queue, "Message": queue.Message("handle")}
    operations = made["client"].meta.service_model
    known = made["client"].meta.method_to_api_mapping
    for name, words in stated.items():
        owner, _, bare = name.rpartition(".")
        holder = made[owner.rpartition(".")[2]]
        if not callable(getattr(holder, bare, None)):
            yield f"{name} does not exist"
        elif bare in known:
            members = operations.operation_model(known[bare]).input_shape.members
            yield from (f"{name} takes no {word}" for word in words if word not in members)


def class_differences(name: str, cls: type, stated: dict[str, Any]) -> Iterator[str]:
    order = list(cls.__mro__)
    for base in stated["bases"]:
        if live(base) not in order:
            yield f"{base} is no base of {name}"
    metaclass = live(stated["metaclass"])
    if metaclass is not type(cls):
        yield f"the metaclass of {name} is {type(cls)}"
    for member in stated["members"]:
        if not any(member in vars(ancestor) for ancestor in order):
            yield f"{name}.{member} does not exist"
    for member in stated["abstract"]:
        value = inspect.getattr_static(cls, member, None)
        if not getattr(value, "__isabstractmethod__", False):
            yield f"{name}.{member} is not abstract"


def parameters(called: Any) -> set[str] | None:
    """The names of the parameters; None when the signature is hidden or takes any name."""
    function = getattr(called, "__func__", called)
    try:
        found = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    return None if any(parameter.kind is parameter.VAR_KEYWORD for parameter in found.values()) else set(found)


def live(dotted: str) -> object:
    """What a dotted name means here, without asking proxies that would start to work."""
    parts = dotted.split(".")
    for split in range(len(parts) - 1, 0, -1):
        try:
            value: object = importlib.import_module(".".join(parts[:split]))
        except Exception:  # noqa: BLE001, S112 - importing foreign code can end in anything
            continue
        for part in parts[split:]:
            is_class = issubclass(type(value), type)
            value = inspect.getattr_static(value, part, MISSING) if is_class else getattr(value, part, MISSING)
            if value is MISSING:
                break
        else:
            return value
    return MISSING


if __name__ == "__main__":
    main()
