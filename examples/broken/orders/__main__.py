"""Starts the mail worker with the deliveries that stand on standard input, one on a line."""

import sys

from orders.mail import MailWorker
from orders.transport import SmtpTransport


def main() -> None:
    worker = MailWorker("order-confirmed", SmtpTransport("localhost"))
    try:
        for line in sys.stdin.buffer:
            worker.process_message(line)
    finally:
        worker.stop()


if __name__ == "__main__":
    main()
