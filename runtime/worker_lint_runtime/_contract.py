"""Checks a worker class when it is defined, and an instance when it starts, under the linter's rule codes."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ContractProblem:
    """One breach of a base class's contract: the linter's code and name of the rule, and what is wrong."""

    code: str
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.rule}: {self.text}"


class ContractError(TypeError):
    """
    The class cannot work as a worker. `problems` holds all that is wrong, not only the first.

    Raised at class definition because Python's own check comes too late or never: it needs ABCMeta, waits for the
    first instance, and does not exist for a class that also derives from a built-in such as Exception.
    """

    def __init__(self, cls: type, problems: list[ContractProblem]) -> None:
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"worker class {cls.__module__}.{cls.__qualname__} breaks its contract:{lines}")
        self.problems = tuple(problems)


def require_contract(cls: type, *, abstract: bool) -> None:
    """Raise ContractError if an override does not fit its base or, unless abstract, if abstract members are left."""
    problems = list(_find_misfits(cls))
    if not abstract:
        problems += _find_abstract(cls)
    if problems:
        raise ContractError(cls, problems)


def declares_abstract(cls: type) -> bool:
    """Whether the class body itself marks a member abstract, which makes the class abstract by its own word."""
    return any(getattr(value, "__isabstractmethod__", False) for value in vars(cls).values())


def _find_abstract(cls: type) -> Iterator[ContractProblem]:
    for name in sorted({name for klass in cls.__mro__ for name in vars(klass)}):
        owner, value = _look_up(cls, name)
        if getattr(value, "__isabstractmethod__", False):
            text = f"{name} is declared abstract in {owner.__qualname__} and not implemented"
            yield ContractProblem("ABS102", "abstract-method-unimplemented", text)


def _find_misfits(cls: type) -> Iterator[ContractProblem]:
    for name, value in vars(cls).items():
        if name.startswith("__") and name.endswith("__"):
            continue
        for base in cls.__mro__[1:]:
            if name in vars(base):
                yield from _compare(name, value, base, vars(base)[name])
                break


def _compare(name: str, value: object, base: type, inherited: object) -> Iterator[ContractProblem]:
    where = f"{base.__qualname__}.{name}"
    if getattr(inherited, "__final__", False) or getattr(getattr(inherited, "fget", None), "__final__", False):
        yield ContractProblem("ABS114", "final-method-overridden", f"{where} is final")
    elif (expected := _kind(inherited)) is None:
        return
    elif value is None:
        yield ContractProblem("ABS108", "override-kind-mismatch", f"{name} is None, but {where} is {expected}")
    elif (actual := _kind(value)) != expected:
        yield ContractProblem(
            "ABS108", "override-kind-mismatch", f"{name} is {actual or 'no callable'}, but {where} is {expected}"
        )
    elif problem := _misfit_of_signature(value, inherited):
        yield ContractProblem("ABS107", "override-signature-mismatch", f"{name} {problem} that {where} takes")


def _kind(value: object) -> str | None:
    if isinstance(value, property):
        return "a property"
    if isinstance(value, staticmethod):
        return "a static method"
    if isinstance(value, classmethod):
        return "a class method"
    if inspect.iscoroutinefunction(value):
        return "a coroutine function"
    if inspect.isasyncgenfunction(value):
        return "an asynchronous generator"
    if inspect.isgeneratorfunction(value):
        return "a generator"
    return "a function" if inspect.isroutine(value) else None


def _misfit_of_signature(value: Any, inherited: Any) -> str | None:
    """What the override cannot take of what the base takes; None where it can take all, or where nobody can tell."""
    if not (inspect.isfunction(value) and inspect.isfunction(inherited)):
        return None
    given = inspect.signature(value, follow_wrapped=False).parameters.values()
    wanted = inspect.signature(inherited).parameters.values()
    positional = [each for each in wanted if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    by_keyword = {each.name for each in wanted if each.kind is each.KEYWORD_ONLY}
    places = [each for each in given if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    takes_any = any(each.kind is each.VAR_POSITIONAL for each in given)
    takes_any_keyword = any(each.kind is each.VAR_KEYWORD for each in given)
    names = {each.name for each in given if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    if not takes_any and len(places) < len(positional):
        return f"takes {len(places)} positional parameters, not the {len(positional)}"
    needless = [each for each in places[len(positional) :] if each.default is each.empty]
    needless += [
        each
        for each in given
        if each.kind is each.KEYWORD_ONLY and each.default is each.empty and each.name not in by_keyword
    ]
    if needless:
        return f"requires {needless[0].name}, beyond what is given by callers: the parameters"
    missing = sorted(by_keyword - names)
    if missing and not takes_any_keyword:
        return f"does not take the keyword {missing[0]}"
    return None


def _look_up(cls: type, name: str) -> tuple[type, object]:
    for klass in cls.__mro__:
        if name in vars(klass):
            return klass, vars(klass)[name]
    raise AttributeError(name)
