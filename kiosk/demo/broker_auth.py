"""What the demo's broker asks before it lets somebody in, and before it passes a message on."""

from dataclasses import dataclass
from pathlib import Path

from amqtt.contexts import Action, BaseContext
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from kiosk.demo.accounts import AccountsFile
from kiosk.wire.access import Rights, covers, matches


class Guard(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc]  # amqtt's classes have no types for us
    """Checks passwords, and every topic against the rights of the account that connected."""

    @dataclass
    class Config:
        """What the broker's configuration says about this plugin."""

        passwords_file: str

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._accounts = AccountsFile(Path(self.config.passwords_file))

    async def authenticate(self, *, session: Session) -> bool:
        """Check name, password, and the right to the last will, which the broker publishes unasked."""
        account = self._accounts.get(session.username)
        if account is None or session.password is None or not account.accepts(session.password):
            return False
        will_topic = session.will_topic if session.will_flag else None
        return will_topic is None or _may(account.rights(session.username), Action.PUBLISH, will_topic)

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """Say whether somebody may publish to, receive from or subscribe to a topic."""
        account = self._accounts.get(session.username) if session else None
        return (
            account is not None and session is not None and _may(account.rights(session.username), action, topic or "")
        )


def _may(rights: Rights, action: Action | None, topic: str) -> bool:
    if action is Action.PUBLISH:
        return any(matches(allowed, topic) for allowed in rights.write)
    if action is Action.RECEIVE:
        return any(matches(allowed, topic) for allowed in rights.read)
    return any(covers(allowed, topic) for allowed in rights.read)
