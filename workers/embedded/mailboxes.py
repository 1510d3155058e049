"""A real IMAP server over implicit TLS for the three mailboxes; whoever logs in can read and nothing else."""

import asyncio
import logging
import ssl
from argparse import Namespace

from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.exceptions import MailboxReadOnly
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import ObjectId
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from workers.embedded.mail_store import Account, MailStore

UID_VALIDITY = 301_000_001
"""Fixed: UIDs in the store are never given twice."""


class MailboxServer:
    """IMAPS on loopback. The report can be read there and neither changed nor deleted (P1.S1.N5, PRV-3)."""

    def __init__(
        self,
        store: MailStore,
        passwords: dict[str, str],
        context: ssl.SSLContext,
        port: int,
        *,
        writable: bool = False,
    ) -> None:
        """Port 0 takes a free one. `writable` lets clients change flags: tests catch a client that does."""
        self.port = port
        self._store = store
        self._passwords = passwords
        self._context = context
        self._writable = writable
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        # The protocol log of the library holds message text: never at DEBUG.
        logging.getLogger("pymap").setLevel(logging.INFO)
        serve = IMAPServer(self._login(), self._config)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
            await serve(reader, writer, SocketInfoLocal(writer))

        self._server = await asyncio.start_server(connected, "127.0.0.1", self.port, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._server is None:
            return
        self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _login(self) -> Login:
        args = Namespace(passlib_cfg=None, proxy_protocol=None)
        self._config = _Config(
            args,
            demo_data=False,
            demo_user="",
            demo_password="",
            host="127.0.0.1",
            port=self.port,
            ssl_context=self._context,
            tls_enabled=False,  # the first byte is TLS already: nothing to upgrade
            hash_context=Cleartext(),
        )
        login = Login(self._config)
        for account in Account:
            login.users_dict[account] = UserMetadata(self._config, account, password=self._passwords[account])
            boxes = _AccountMailboxes(self._store, account, readonly=not self._writable)
            self._config.set_cache[account] = (boxes, FilterSet())
        return login


class _Config(Config):
    """Greets without the machine's name."""

    @property
    def greeting(self) -> bytes:
        return b"Mailbox server ready"


class _Inbox(MailboxData):
    """One account's inbox, filled from the store whenever somebody looks."""

    def __init__(self, boxes: MailboxSet, store: MailStore, account: Account, *, readonly: bool) -> None:
        super().__init__(boxes._content_cache, boxes._thread_cache)
        self._store = store
        self._account = account
        self._readonly = readonly
        self._uid_validity = UID_VALIDITY
        self._max_uid = 0
        self._loading = asyncio.Lock()

    async def load_new(self) -> None:
        """Take over what was delivered since the last look."""
        async with self._loading:
            for stored in self._store.messages(self._account, after_uid=self._max_uid):
                await self.append(AppendMessage(stored.content, stored.received_at), recent=True)


class _AccountMailboxes(MailboxSet):
    """An account has its inbox and no way to make, rename or remove a mailbox."""

    def __init__(self, store: MailStore, account: Account, *, readonly: bool) -> None:
        super().__init__()
        self._account_inbox = _Inbox(self, store, account, readonly=readonly)
        self._inbox = self._account_inbox

    async def get_mailbox(self, name: str) -> MailboxData:
        await self._account_inbox.load_new()
        return await super().get_mailbox(name)

    async def add_mailbox(self, name: str) -> ObjectId:
        raise MailboxReadOnly(name)

    async def rename_mailbox(self, before: str, after: str) -> None:
        raise MailboxReadOnly(before)
