"""How a confirmation leaves the house."""

import smtplib
from abc import ABC, abstractmethod


class Transport(ABC):
    @abstractmethod
    def send(self, body: bytes) -> None:
        """Hands one message over; returns when it was accepted."""

    @abstractmethod
    def close(self) -> None:
        """Releases the connection; may be called twice."""

    @abstractmethod
    def send_all(self, bodies: list[bytes]) -> None:
        """Hands several messages over, in order."""


class SmtpTransport(Transport):
    def __init__(self, host: str) -> None:
        self.connection = smtplib.SMTP(host, timeout=30)

    def send(self, body: bytes) -> None:
        self.connection.sendmail("orders@shop.example", "customer@mail.example", body)

    def close(self) -> None:
        self.connection.close()

    def send_all(self, bodies: list[bytes]) -> None:
        for body in bodies:
            self.send(body)
