"""Sends the confirmation of an order by mail."""

from orders.transport import Transport
from orders.worker import BaseWorker


class MailWorker(BaseWorker):
    def __init__(self, queue: str, transport: Transport) -> None:
        super().__init__(queue)
        self.transport = transport

    def process_message(self, body: bytes) -> None:
        self.transport.send(body)
