"""
Run one case of another checker's suite and tell which calls fail because the class is abstract.

    python -I suite_probe.py FOLDER FILE...

These programs are test data of type checkers, made to be read, and sometimes to be run; they are never what worker-lint
analyses for a user. The caller starts this file in a process of its own, without network, with a time limit.

Every call `f(x)` becomes `suite_call(n, f)(x)` and every statement is guarded, so that one failure does not hide the
next. Statements at module level that failed are tried again at the end, since they may use a name that is only defined
further down; functions and methods are called with None for each parameter. Printed is one JSON object of line numbers:

* failed, late: a call raised the TypeError of an abstract class or a protocol, at once or only in the second try;
* abstract: a `class` statement whose class has abstract members left;
* classes: every `class` statement that was reached.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import importlib.machinery
import inspect
import io
import json
import os
import re
import signal
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

# These look at the frame of their caller, which must stay the program's own.
FRAME_READERS = {"super", "locals", "globals", "vars", "dir", "eval", "exec", "NamedTuple", "TypedDict", "NewType"}
SECONDS = 2


def refused(cls: type, words: str) -> bool:
    """Whether the words of a TypeError say that this very class is abstract or a protocol."""
    if "Protocols cannot be instantiated" in words:
        return getattr(cls, "_is_protocol", False)
    return re.search(rf"Can't instantiate abstract class '?{re.escape(cls.__name__)}\b", words) is not None


class Record:
    """What the run has shown so far, by file and line."""

    def __init__(self) -> None:
        self.failed: defaultdict[str, set[int]] = defaultdict(set)
        self.late: defaultdict[str, set[int]] = defaultdict(set)
        self.abstract: defaultdict[str, set[int]] = defaultdict(set)
        self.classes: defaultdict[str, set[int]] = defaultdict(set)
        self.broken: defaultdict[str, set[int]] = defaultdict(set)
        self.second = False

    def call(self, file: str, line: int) -> Callable[[Any], Any]:
        """A wrapper for what is called on that line."""

        def wrap(function: Any) -> Any:
            def called(*args: Any, **kwargs: Any) -> Any:
                try:
                    return function(*args, **kwargs)
                except TypeError as error:
                    cls = getattr(function, "__origin__", function)
                    if isinstance(cls, type) and refused(cls, str(error)):
                        (self.late if self.second else self.failed)[file].add(line)
                    raise

            return called

        return wrap

    def guard(self, file: str, line: int) -> None:
        """A statement raised."""
        self.broken[file].add(line)

    def saw(self, file: str, line: int) -> Callable[[Any], Any]:
        """A class decorator that looks and returns the class as it is."""

        def look(cls: Any) -> Any:
            self.classes[file].add(line)
            if getattr(cls, "__abstractmethods__", ()) and not getattr(cls, "_is_protocol", False):
                self.abstract[file].add(line)
            return cls

        return look


class Instrument(ast.NodeTransformer):
    """Rewrites a module as the module docstring says."""

    def __init__(self, file: str) -> None:
        self.file = file

    def ask(self, name: str, line: int) -> ast.Call:
        """The expression `name(file, line)`."""
        return ast.Call(ast.Name(name, ast.Load()), [ast.Constant(self.file), ast.Constant(line)], [])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Put the wrapper around what is called."""
        self.generic_visit(node)
        called = node.func
        if (called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")) in FRAME_READERS:
            return node
        wrapped = ast.Call(self.ask("suite_call", node.lineno), [called], [])
        return ast.Call(wrapped, node.args, node.keywords)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Let the class be seen when it is complete."""
        self.generic_visit(node)
        node.decorator_list.insert(0, self.ask("suite_saw", node.lineno))
        return self.guarded(node)

    def guarded(self, node: ast.stmt) -> ast.Try:
        """The statement in a `try` that notes any failure and goes on."""
        note = ast.Expr(self.ask("suite_guard", node.lineno))
        handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [note])
        return ast.Try([node], [handler], [], [])

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Guard every statement that may stand in a `try`."""
        super().generic_visit(node)
        plain = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Assert, ast.Raise, ast.Delete)
        loops = (ast.Import, ast.ImportFrom, ast.If, ast.For, ast.With, ast.While)
        if isinstance(node, plain + loops) and not first_thing(node):
            return self.guarded(node)
        return node


def first_thing(node: ast.AST) -> bool:
    """Whether the statement must stay where it is: a docstring or a future import."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def instrumented(source: str, file: str, only: set[int] | None = None) -> CodeType:
    """Compiled code of a module, or of those statements at its top that start on the given lines."""
    tree = ast.parse(source, file)
    if only is not None:
        definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Import, ast.ImportFrom)
        tree.body = [node for node in tree.body if node.lineno in only and not isinstance(node, definitions)]
    return compile(ast.fix_missing_locations(Instrument(file).visit(tree)), file, "exec")


class Loader(importlib.machinery.SourceFileLoader):
    """Loads the case's modules, stubs too, rewritten."""

    def get_code(self, fullname: str) -> CodeType:
        """Never from a cache of compiled files."""
        path = self.get_filename(fullname)
        return instrumented(self.get_data(path).decode(), os.path.relpath(path))


def limited(action: Callable[[], object]) -> None:
    """Do it for `SECONDS` at most, whatever it raises."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with contextlib.suppress(Exception, SystemExit):
            action()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def call_functions(module: ModuleType) -> None:
    """Call the module's functions and methods with None for each parameter that has no default."""

    def once(function: Callable[..., Any]) -> None:
        wanted = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
        names = {p.name: None for p in wanted if p.kind == p.KEYWORD_ONLY}
        result = function(*[None for p in wanted if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)], **names)
        if inspect.iscoroutine(result):
            result.send(None)

    own = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
    methods = [value for cls in own if isinstance(cls, type) for value in vars(cls).values()]
    for value in [*own, *methods]:
        if inspect.isfunction(value):
            limited(lambda function=value: once(function))  # type: ignore[misc]


def forbid(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: no network, no processes, no writing."""
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "ctypes.")):
        raise RuntimeError(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise RuntimeError(event)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Time is up for one piece of the program."""
    del number, frame
    raise RuntimeError("took too long")


def run(record: Record, file: str) -> None:
    """Import one file of the case, call its functions, and try again what failed."""
    name = re.sub(r"(/__init__)?\.pyi?$", "", file).replace("/", ".")
    holder: list[ModuleType] = []
    limited(lambda: holder.append(importlib.import_module(name)))
    if not holder:
        return
    call_functions(holder[0])
    record.second = True
    again = instrumented(Path(file).read_text(encoding="utf-8"), file, record.broken[file])
    limited(lambda: exec(again, vars(holder[0])))  # noqa: S102 - running the case is what this file is for
    record.second = False


def main() -> None:
    """Probe the files named on the command line, in their folder."""
    os.chdir(sys.argv[1])
    record = Record()
    shown = io.StringIO()
    out, sys.stdout, sys.stderr = sys.stdout, shown, shown
    known = {"suite_call": record.call, "suite_guard": record.guard, "suite_saw": record.saw}
    for name, value in {**known, "reveal_type": lambda value, **_: value}.items():
        setattr(builtins, name, value)
    finder = importlib.machinery.FileFinder.path_hook((Loader, [".py", ".pyi"]))
    here = str(Path.cwd())

    def own(path: str) -> Any:
        """A finder for the case's folders; everything else is left to the usual ones."""
        if path != here and not path.startswith(f"{here}/"):
            raise ImportError
        return finder(path)

    sys.path_hooks.insert(0, own)
    sys.path.insert(0, here)
    sys.dont_write_bytecode = True
    signal.signal(signal.SIGALRM, interrupt)
    sys.addaudithook(forbid)
    for file in sys.argv[2:]:
        run(record, file)
    rows = {key: {file: sorted(lines) for file, lines in getattr(record, key).items() if lines}
            for key in ("failed", "late", "abstract", "classes")}  # fmt: skip
    print(json.dumps(rows), file=out)


if __name__ == "__main__":
    main()
