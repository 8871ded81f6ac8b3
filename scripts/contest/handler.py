"""What every contender runs for a message: wait as long as asked, then leave one line in a file."""

import os
import time

from contest.record import RECORD

_FILE = os.open(os.environ["CONTEST_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
_PAUSE = float(os.environ["CONTEST_PAUSE"])


def handle(number: int) -> None:
    """Do the work of one message."""
    if _PAUSE:
        time.sleep(_PAUSE)
    os.write(_FILE, RECORD.pack(number, time.monotonic()))  # one short append: never torn, whoever else writes
