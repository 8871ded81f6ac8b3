"""How a confirmation leaves the house."""

import smtplib
from abc import abstractmethod


class Transport:
    @abstractmethod
    def send(self, body: bytes) -> None:
        """Hands one message over; returns when it was accepted."""

    @abstractmethod
    def close(self) -> None:
        """Releases the connection; may be called twice."""

    def send_all(self, bodies: list[bytes]) -> None:
        raise NotImplemented


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
