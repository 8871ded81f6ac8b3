"""
Draws the terminal picture of the README from a real run on examples/broken.

The picture holds no link to a font or a style sheet: it looks the same without a network.
"""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "check.svg"
TARGET = ROOT / "examples" / "broken"
WIDTH = 108
COMMAND = "worker-lint check orders"
REMOTE_FONT = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def run_check() -> str:
    """The coloured output of the command, as a terminal would get it; SystemExit where the run is not as expected."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "worker_lint", *COMMAND.split()[1:]]
    done = subprocess.run(command, cwd=TARGET, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 1:
        message = f"error: {COMMAND} in {TARGET} gave exit code {done.returncode}, expected 1\n{done.stderr}"
        raise SystemExit(message)
    return done.stdout


def draw(output: str) -> str:
    """The picture of a terminal in which the command was typed."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "dim"), (COMMAND, "bold")))
    console.print(Text.from_ansi(output))
    drawn = console.export_svg(title="worker-lint", unique_id="check")
    return "\n".join(line.rstrip() for line in REMOTE_FONT.sub("", drawn).splitlines()).strip() + "\n"


def main() -> int:
    """Writes the picture."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(draw(run_check()), encoding="utf-8")
    print(PICTURE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
