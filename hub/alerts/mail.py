"""Alerts by mail, through the site's own mail server."""

import hashlib
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from hub.alerts import wording
from hub.alerts.channel import SENDING_S, Bundle, Deadline, SendFailed
from hub.config import Email, HubConfig


def make(config: HubConfig) -> "MailChannel | None":
    """The channel, or None without `[alerts.email]`."""
    email = config.alerts.email
    return None if email is None else MailChannel(email, config.places.directory)


class MailChannel:
    """Sends mails. A new connection for each message, so that no half-dead one delays an alert."""

    def __init__(self, settings: Email, directory: Path) -> None:
        self._settings = settings
        self._directory = directory

    def send(self, bundle: Bundle) -> None:
        """Hand the message to the mail server.

        Raises:
            SendFailed: the server is away, slow, or refuses.
        """
        message = compose(bundle, self._settings.sender, datetime.now(UTC))
        open_: list[smtplib.SMTP] = []
        try:
            with Deadline(SENDING_S, lambda: open_[0] if open_ else None):
                self._deliver(message, open_)
        except smtplib.SMTPResponseException as error:
            raise SendFailed(f"mail server said {error.smtp_code}") from error
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({code for code, _ in error.recipients.values()})
            raise SendFailed(f"mail server refused the address ({', '.join(map(str, codes))})") from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise SendFailed(f"mail server: {type(error).__name__}") from error

    def _deliver(self, message: EmailMessage, open_: list[smtplib.SMTP]) -> None:
        settings = self._settings
        tls = ssl.create_default_context() if settings.security != "none" else None
        server: smtplib.SMTP = (
            smtplib.SMTP_SSL(timeout=settings.timeout_s, context=tls)
            if settings.security == "tls"
            else smtplib.SMTP(timeout=settings.timeout_s)
        )
        open_.append(server)
        try:
            # The name that TLS checks; smtplib sets it only when it connects in its constructor.
            server._host = settings.smtp_host  # type: ignore[attr-defined]
            server.connect(settings.smtp_host, settings.smtp_port)
            if settings.security == "starttls":
                server.starttls(context=tls)
            if settings.user is not None:
                server.login(settings.user, self._password())
            server.send_message(message)
        finally:
            server.close()  # no QUIT: the message is accepted, and a stalling goodbye must not count against it

    def _password(self) -> str:
        path = self._settings.password_file
        return (self._directory / path).read_text(encoding="utf-8").strip() if path else ""


def compose(bundle: Bundle, sender: str, now: datetime) -> EmailMessage:
    """The mail. The same alerts have the same Message-ID however often they are sent."""
    message = EmailMessage()
    message["Subject"] = " ".join(wording.subject(bundle).split())
    message["From"] = sender
    message["To"] = bundle.target
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{bundle_id(bundle)}@{bundle.site}.madomori>"
    message["Auto-Submitted"] = "auto-generated"
    if any(item.level == "emergency" and not item.drill for item in bundle.items):
        message["Importance"] = "high"
    message.set_content(wording.body(bundle))
    return message


def bundle_id(bundle: Bundle) -> str:
    """The alert's id; for several alerts in one message a digest of all of them."""
    ids = [item.id for item in bundle.items]
    if len(ids) == 1:
        return ids[0]
    return hashlib.sha256(" ".join(sorted(ids)).encode()).hexdigest()[:32]
