"""
Shows the linter at work: on examples/, then on a package that people really use.

The package is fetched once into an ignored folder and unpacked, never installed and never imported.
"""

import os
import subprocess
import sys
from pathlib import Path

from pins import Pin, PinError, download, load, unpack

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / ".corpus"
PACKAGES = ROOT / "tests" / "corpus" / "packages.toml"
# Small, made of workers, and with members marked abstract in a class that cannot enforce it.
PACKAGE = "parsl"


def run_linter(target: Path, *options: str) -> int:
    """Checks `target` and gives the linter's exit code: 0 clean, 1 diagnostics, 2 could not do the work."""
    words = ("check", *options, target.relative_to(ROOT).as_posix())
    print(f"\n$ worker-lint {' '.join(words)}", flush=True)
    return subprocess.run([sys.executable, "-m", "worker_lint", *words], cwd=ROOT, check=False).returncode


def demo_pin() -> Pin:
    """The pin of the demo's package in the frozen list."""
    return next(pin for pin in load(PACKAGES, "package") if pin.name == PACKAGE)


def fetch_package(pin: Pin) -> Path | None:
    """The unpacked wheel, or nothing where it cannot be fetched."""
    # Without a network, pip's own patience would look like a demo that hangs.
    os.environ.setdefault("PIP_RETRIES", "1")
    os.environ.setdefault("PIP_DEFAULT_TIMEOUT", "15")
    try:
        download([pin], CORPUS / "wheels")
    except PinError:
        return None
    return unpack(pin, CORPUS / "wheels", CORPUS / "packages")


def main() -> int:
    """Gives 0 when the linter did its work, whatever it found; 1 when an answer is not the expected one."""
    print("A small order system. Its mail worker never got a stop().")
    broken = run_linter(ROOT / "examples" / "broken")
    print("\nThe same system after the diagnostics were followed.")
    repaired = run_linter(ROOT / "examples" / "repaired")
    if (broken, repaired) != (1, 0):
        print(f"\nerror: exit codes 1 and 0 were expected, got {broken} and {repaired}", file=sys.stderr)
        return 1
    pin = demo_pin()
    print(f"\nA real package: {pin.name} {pin.version}, fetched as a wheel, unpacked, not installed.", flush=True)
    package = fetch_package(pin)
    if package is None:
        print("It could not be fetched (no network?), so the demo ends with the examples.")
        return 0
    print("Rules in preview are asked too: their findings are not yet proven right often enough to be on by default.")
    code = run_linter(package, "--preview")
    if code not in {0, 1}:
        print(f"\nerror: the linter could not do its work (exit code {code})", file=sys.stderr)
        return 1
    print(f"\nThe linter's exit code was {code}; 1 means that it found a defect. The demo succeeded, so make sees 0.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
