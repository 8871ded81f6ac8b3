"""
Turns the fragments in changes/ into a section of CHANGELOG.md.

    make changelog                       print what the next release would say
    make changelog ARGS="--release 0.2.0 --date 2027-01-31"
                                         write the section and delete the fragments
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRAGMENTS = ROOT / "changes"
CHANGELOG = ROOT / "CHANGELOG.md"
ANCHOR = "<!-- releases, newest first -->\n"

# The order of a release's parts: what may force work on a user comes first.
TITLES = {
    "breaking": "Breaking changes",
    "removed": "Removed",
    "rule": "New and changed rules",
    "fewer-false-alarms": "Fewer false alarms",
    "fewer-missed-alarms": "Fewer missed alarms",
    "fix": "Fixes that the tool makes",
    "runtime": "Runtime",
    "config": "Configuration and command line",
    "docs": "Documentation",
}
FRAGMENT_NAME = re.compile(r"(?P<slug>[a-z0-9-]+)\.(?P<kind>[a-z-]+)\.md")


class FragmentError(Exception):
    """A file in changes/ that cannot become a changelog entry."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """One change, told to users."""

    path: Path
    kind: str
    text: str


def read_fragment(path: Path) -> Fragment:
    """Reads one fragment; raises FragmentError for an unknown kind or an empty text."""
    match = FRAGMENT_NAME.fullmatch(path.name)
    if match is None or match["kind"] not in TITLES:
        kinds = ", ".join(TITLES)
        message = f"changes/{path.name}: the name must be WHAT.KIND.md, with KIND one of {kinds}"
        raise FragmentError(message)
    text = path.read_text(encoding="utf-8").strip()
    if not text:
        message = f"changes/{path.name}: is empty; say in a sentence what changes for a user"
        raise FragmentError(message)
    return Fragment(path, match["kind"], text)


def find_fragments(folder: Path) -> list[Fragment]:
    """All fragments by file name; the README is not one."""
    return [read_fragment(path) for path in sorted(folder.glob("*.md")) if path.name != "README.md"]


def render_release(fragments: Sequence[Fragment], heading: str) -> str:
    """The Markdown section of one release."""
    lines = [f"## {heading}", ""]
    for kind, title in TITLES.items():
        entries = [fragment.text for fragment in fragments if fragment.kind == kind]
        if entries:
            lines += [f"### {title}", ""]
            lines += ["- " + entry.replace("\n", "\n  ") for entry in entries]
            lines.append("")
    return "\n".join(lines)


def insert_release(changelog: str, section: str) -> str:
    """The changelog with the section at the top; raises FragmentError when the anchor line is gone."""
    before, anchor, after = changelog.partition(ANCHOR)
    if not anchor:
        message = f"{CHANGELOG.name}: the line {ANCHOR.strip()!r} is missing; put it above the newest release"
        raise FragmentError(message)
    return f"{before}{anchor}\n{section}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints or writes the next release."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", help="version to release; without it, nothing is written")
    parser.add_argument("--date", default="", help="date of the release, as 2027-01-31")
    options = parser.parse_args(arguments)
    try:
        fragments = find_fragments(FRAGMENTS)
        if not options.release:
            print(render_release(fragments, "Next release"))
            return 0
        heading = f"{options.release} ({options.date})" if options.date else options.release
        text = insert_release(CHANGELOG.read_text(encoding="utf-8"), render_release(fragments, heading))
    except FragmentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    CHANGELOG.write_text(text, encoding="utf-8")
    for fragment in fragments:
        fragment.path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
