"""
Read the test data of other checkers into cases: files to lay out, and the lines where that checker expects an error.

Each reader takes the text of one file of a suite and knows that suite's own notation. A case keeps the suite's code
unchanged, apart from the notation's line continuations, so that line numbers are those of the file laid out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath


@dataclass(slots=True)
class Case:
    """One program of a suite: its files by path, and the suite's words on each line it expects an error on."""

    name: str
    files: dict[str, str]
    expected: dict[tuple[str, int], str] = field(default_factory=dict)

    def expect(self, path: str, line: int, words: str) -> None:
        """Note an expected error; several on one line are joined."""
        before = self.expected.get((path, line))
        self.expected[path, line] = f"{before}; {words}" if before else words


Siblings = Mapping[str, str]
Reader = Callable[[str, str, Siblings], Iterator[Case]]


def marked(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Line number and words of every comment that the pattern finds."""
    for number, line in enumerate(text.split("\n"), 1):
        for match in pattern.finditer(line):
            yield number, match[match.lastindex or 0].strip()


def with_imports(path: str, text: str, siblings: Siblings) -> dict[str, str]:
    """A file and the files beside it that it imports, directly or not."""
    files, open_ends = {path: text}, [text]
    while open_ends:
        found = re.findall(
            r"^\s*(?:from\s+\.?(\w+)\s+import|import\s+(\w+)|from\s+\.\s+import\s+(\w+))", open_ends.pop(), re.MULTILINE
        )
        for name in {name for names in found for name in names if name}:
            for candidate in (f"{name}.py", f"{name}.pyi"):
                if candidate in siblings and candidate not in files:
                    files[candidate] = siblings[candidate]
                    open_ends.append(siblings[candidate])
    return files


def read_typing(path: str, text: str, siblings: Siblings) -> Iterator[Case]:
    """Conformance tests of the typing specification: `# E`, `# E?`, `# E: words` and `# E[tag]` at the line."""
    case = Case(PurePosixPath(path).stem, with_imports(path, text, siblings))
    for line, words in marked(text, re.compile(r"#\s*E\b\??(.*)")):
        case.expect(path, line, words or "error")
    yield case


def read_pylint(path: str, text: str, siblings: Siblings) -> Iterator[Case]:
    """Functional tests of pylint: the messages are in a file of the same name, as `symbol:line:column:...`."""
    case = Case(PurePosixPath(path).stem, {path: text})
    for message in siblings.get(f"{PurePosixPath(path).stem}.txt", "").splitlines():
        parts = message.split(":")
        if len(parts) > 2 and parts[1].isdigit():
            case.expect(path, int(parts[1]), parts[0])
    yield case


def read_pyright(path: str, text: str, siblings: Siblings) -> Iterator[Case]:
    """Samples of pyright: a comment announces an error in the next line; basedpyright puts `# error` behind."""
    case = Case(PurePosixPath(path).stem, with_imports(path, text, siblings))
    announced = ""
    for number, line in enumerate(text.split("\n"), 1):
        comment = line.strip()
        if comment.startswith("#"):
            if announced or re.search(r"should generate (an?|two|\d|one|\w+) error|should be an error", comment):
                announced += comment.lstrip("# ") + " "
        elif comment:
            if announced:
                case.expect(path, number, announced.strip())
            announced = ""
            if match := re.search(r"#\s*error\b(.*)", comment):
                case.expect(path, number, f"error {match[1].strip()}")
    yield case


def read_pyrefly(path: str, text: str, siblings: Siblings) -> Iterator[Case]:
    """Tests of pyrefly: Rust macros that hold a program, with `# E: words` at the line."""
    del path, siblings
    environment = r"(?:TestEnv::new\(\)[\w.()\s]*,\s*)?"
    macro = r"testcase!\(\s*(?:bug\s*=.*?,\s*)?(\w+),\s*" + environment + r'r#"(.*?)"#'
    for match in re.finditer(macro, text, re.DOTALL):
        case = Case(match[1], {"main.py": match[2]})
        for line, words in marked(match[2], re.compile(r"#\s*E:(.*?)(?=# E:|$)")):
            case.expect("main.py", line, words)
        yield case


def read_mdtest(path: str, text: str, siblings: Siblings) -> Iterator[Case]:
    """Literate tests of ty: a heading's blocks without a name are one file; `# error: [code]` at or above a line."""
    del path, siblings
    title, files, named = "start", dict[str, str](), ""
    fence = ""
    for line in [*text.split("\n"), "# end"]:
        if not fence and re.match(r"#+ ", line):
            if files:
                yield mdtest_case(title, files)
            title, files, named = re.sub(r"\W+", "_", line).strip("_").lower(), {}, ""
        elif not fence and (match := re.match(r"`([\w./]+\.pyi?)`:", line)):
            named = match[1]
        elif not fence and (match := re.match(r"```(pyi?)\b", line)):
            fence = named or f"main.{match[1]}"
            files.setdefault(fence, "")
        elif fence and line.startswith("```"):
            fence = named = ""
        elif fence:
            files[fence] += f"{line}\n"
        elif line.startswith("```"):
            fence = "ignored.toml"
            files.setdefault(fence, "")
    if files:
        yield mdtest_case(title, files)


def mdtest_case(title: str, files: Mapping[str, str]) -> Case:
    """The case of one heading, with its expectations."""
    case = Case(title, {path: text for path, text in files.items() if path.endswith((".py", ".pyi"))})
    for path, text in case.files.items():
        lines = text.split("\n")
        for number, words in marked(text, re.compile(r"#\s*(?:error:|TODO: should emit)(.*)")):
            target = number
            while target < len(lines) and lines[target - 1].strip().startswith("#"):
                target += 1
            case.expect(path, target, words or "error")
    return case


def read_mypy(path: str, text: str, siblings: Siblings) -> Iterator[Case]:
    """The `.test` files of mypy: sections `[case]`, `[file]`, `[out]`; `# E: words` at the line or in `[out]`."""
    del path, siblings
    for block in re.split(r"^\[case ", text, flags=re.MULTILINE)[1:]:
        name, _, body = block.partition("]")
        sections = list(mypy_sections(body))
        heads = [head for head, _ in sections]
        if name.endswith(("-skip", "-xfail")) or any(re.match(r"file .*\.\d$|stale|rechecked|out\d", h) for h in heads):
            continue
        files = {"main.py": sections[0][1]}
        files |= {head.split()[1]: content for head, content in sections if head.startswith("file ")}
        case = Case(name, {path: content for path, content in files.items() if path.endswith((".py", ".pyi"))})
        for file, content in case.files.items():
            for line, words in marked(content, re.compile(r"#\s*E:\d*:?(.*?)(?=# [EN]:|$)")):
                case.expect(file, line, words)
        for output in (content for head, content in sections if head == "out"):
            for file, number, words in re.findall(r"^(\S+?):(\d+):(?:\d+:)? error: (.*)$", output, re.MULTILINE):
                case.expect("main.py" if file == "main" else file.removeprefix("tmp/"), int(number), words)
        yield case


def mypy_sections(body: str) -> Iterator[tuple[str, str]]:
    """Heading and text of a case's sections, the first without heading; comments and continuations are resolved."""
    head, lines = "", list[str]()
    joined = False
    for line in body.split("\n")[1:]:
        if match := re.fullmatch(r"\[([^]\[]+)\]\s*", line):
            yield head, "\n".join(lines) + "\n"
            head, lines, joined = match[1], [], False
        elif line.startswith("--"):
            continue
        else:
            text = line.removesuffix("\\")
            if joined:
                lines[-1] += text.lstrip(" ")
            else:
                lines.append(text.removeprefix("\\") if text.startswith("\\[") else text)
            joined = line.endswith("\\")
    yield head, "\n".join(lines) + "\n"


READERS: Mapping[str, Reader] = {
    "typing": read_typing,
    "mypy": read_mypy,
    "pylint": read_pylint,
    "pyright": read_pyright,
    "basedpyright": read_pyright,
    "pyrefly": read_pyrefly,
    "ty": read_mdtest,
}


def unique(cases: Iterable[Case]) -> Iterator[Case]:
    """The same cases, with a number added to a name that came before."""
    seen: dict[str, int] = {}
    for case in cases:
        seen[case.name] = seen.get(case.name, 0) + 1
        if seen[case.name] > 1:
            case.name += f"_{seen[case.name]}"
        yield case
