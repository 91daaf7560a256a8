"""kaiwa: many accounts on many chat networks behind one stream of events.

    async with kaiwa.Client() as client:
        account = client.account("wschat", url="ws://127.0.0.1:7878/wschat", name="me")
        await account.connect()
        async for event in client.events():
            match event:
                case kaiwa.ChatNew(channel_id=where, message=message):
                    print(where, message.text)

README.md of the package is a tour. What each event means is in docs/events.md of the library.

`Client` holds accounts and gives their events; `Account` asks for things; `Request` is what was asked; `Draft` is a message of several
pieces; `protocols` are the networks that there are. Events and records are in `kaiwa.types`, errors in `kaiwa.errors`, both also here.
"""

from . import errors as errors
from . import types as types
from .errors import *  # noqa: F403
from .types import *  # noqa: F403
from ._json import event_from_json as event_from_json
from .account import Account as Account, Content as Content
from .client import Client as Client, GOODBYE as GOODBYE, UNREAD as UNREAD
from .draft import Draft as Draft
from .state import ChannelState as ChannelState, ConnectionStatus as ConnectionStatus, Contact as Contact, ContactKind as ContactKind, Field as Field, FieldKind as FieldKind, MemberState as MemberState, Protocol as Protocol, State as State, protocol as protocol, protocols as protocols
from ._log import disable_logging as disable_logging, enable_logging as enable_logging
from ._request import Request as Request
from ._native import lib as _lib
from ._native import text as _text


def version() -> str:
    """The version of the library."""
    return _text(_lib.kaiwa_version())
