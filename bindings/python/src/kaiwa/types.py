"""Events and what they are made of.

Made by generate.py from docs/events.schema.json and include/kaiwa.h; do not edit.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

Rgba: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something of a newer version: its name, and what is in it as JSON gives it."""

    kind: str

    json: Any = None


class AssetSource(Enum):
    """Who brought an asset."""

    USER = "User"
    """The user."""

    SERVER = "Server"
    """The server."""

    META = "Meta"
    """The library."""


class ChannelType(Enum):
    """Who talks in a channel."""

    GROUP = "Group"
    """Many with many."""

    DIRECT = "Direct"
    """Two people."""

    BROADCAST = "Broadcast"
    """One place that everybody connected hears."""

    SPACE = "Space"
    """Nobody: it holds other channels (`crate.ChannelEvent.Parent`)."""


class Confirmation(Enum):
    """How a network confirms an own message."""

    ACKNOWLEDGED = "Acknowledged"
    """The server answers the request."""

    ECHO = "Echo"
    """The server sends the message back to its sender too."""


class ErrorKind(Enum):
    """What went wrong, as a number that C shares (`kaiwa_status` is its negative)."""

    INVALID = "Invalid"
    """An argument makes no sense."""

    STATE = "State"
    """Not possible now: not connected, already connected, shut down."""

    UNSUPPORTED = "Unsupported"
    """The network cannot do it; `capabilities` says what it can."""

    FULL = "Full"
    """Too much is waiting already; try again when something has been settled."""

    TOO_LONG = "TooLong"
    """The text or file is longer than the network takes."""

    NOT_FOUND = "NotFound"
    """No such account, channel, user or message."""

    CANCELLED = "Cancelled"
    """Given up because the caller asked for it."""

    REENTRANT = "Reentrant"
    """Called from where it must not be called, for example the pump from its own callback."""

    AUTH = "Auth"
    """The network does not accept these credentials."""

    FORBIDDEN = "Forbidden"
    """The network does not allow this user to do that."""

    BANNED = "Banned"
    """The user is banned; `retry_after` says until when, if the network does."""

    RATE_LIMITED = "RateLimited"
    """The network asks to slow down."""

    REJECTED = "Rejected"
    """The network refuses for another reason."""

    CONFLICT = "Conflict"
    """The name or id is taken."""

    PROTOCOL = "Protocol"
    """The peer breaks its protocol."""

    TOO_LARGE = "TooLarge"
    """The peer sends more at once than a named limit."""

    VERSION = "Version"
    """The peer speaks a version that is not spoken here."""

    RESOLVE = "Resolve"
    """The host name does not resolve."""

    REFUSED = "Refused"
    """Nobody listens there."""

    UNREACHABLE = "Unreachable"
    """The host cannot be reached."""

    TLS = "Tls"
    """TLS fails: certificate, name or version."""

    PROXY = "Proxy"
    """The proxy fails or refuses."""

    TIMED_OUT = "TimedOut"
    """Somebody did not answer in time."""

    LOST = "Lost"
    """The connection ended without being asked to."""

    OUTCOME_UNKNOWN = "OutcomeUnknown"
    """Written, but nobody can tell whether it arrived."""

    HANDSHAKE = "Handshake"
    """The server is there but answers the handshake with something else."""

    INTERNAL = "Internal"
    """A bug in this library."""

    STORAGE = "Storage"
    """A file or database cannot be read or written."""

    CONFIG = "Config"
    """A configuration is wrong."""

    OTHER = "Other"
    """A kind that this version does not know."""


class EventKind(Enum):
    """Which event it is, without its content. Numbers are fixed for ever; C shares them."""

    CHAT_NEW = "ChatNew"
    """`Chat.New`."""

    CHAT_UPDATE = "ChatUpdate"
    """`Chat.Update`."""

    CHAT_REMOVE = "ChatRemove"
    """`Chat.Remove`."""

    CHAT_HISTORY = "ChatHistory"
    """`Chat.History`."""

    CHAT_GAP = "ChatGap"
    """`Chat.Gap`."""

    CHAT_REQUEST_HISTORY = "ChatRequestHistory"
    """`Chat.RequestHistory`."""

    CHAT_READ = "ChatRead"
    """`Chat.Read`."""

    CHAT_TYPING = "ChatTyping"
    """`Chat.Typing`."""

    CHAT_REACT = "ChatReact"
    """`Chat.React`."""

    CHAT_PROGRESS = "ChatProgress"
    """`Chat.Progress`."""

    CHANNEL_NEW = "ChannelNew"
    """`Channel.New`."""

    CHANNEL_UPDATE = "ChannelUpdate"
    """`Channel.Update`."""

    CHANNEL_REMOVE = "ChannelRemove"
    """`Channel.Remove`."""

    CHANNEL_JOIN = "ChannelJoin"
    """`Channel.Join`."""

    CHANNEL_LEAVE = "ChannelLeave"
    """`Channel.Leave`."""

    CHANNEL_SWITCH = "ChannelSwitch"
    """`Channel.Switch`."""

    CHANNEL_KICK = "ChannelKick"
    """`Channel.Kick`."""

    CHANNEL_WIPE = "ChannelWipe"
    """`Channel.Wipe`."""

    CHANNEL_CLEAR_LIST = "ChannelClearList"
    """`Channel.ClearList`."""

    CHANNEL_TOPIC = "ChannelTopic"
    """`Channel.Topic`."""

    CHANNEL_PARENT = "ChannelParent"
    """`Channel.Parent`."""

    CHANNEL_MEMBERS = "ChannelMembers"
    """`Channel.Members`."""

    CHANNEL_CREATE = "ChannelCreate"
    """`Channel.Create`."""

    CHANNEL_JOIN_WITH = "ChannelJoinWith"
    """`Channel.JoinWith`."""

    CHANNEL_INVITE = "ChannelInvite"
    """`Channel.Invite`."""

    CHANNEL_DIRECTORY = "ChannelDirectory"
    """`Channel.Directory`."""

    USER_NEW = "UserNew"
    """`User.New`."""

    USER_UPDATE = "UserUpdate"
    """`User.Update`."""

    USER_REMOVE = "UserRemove"
    """`User.Remove`."""

    USER_CLEAR_LIST = "UserClearList"
    """`User.ClearList`."""

    USER_IDENTIFY = "UserIdentify"
    """`User.Identify`."""

    USER_PRESENCE = "UserPresence"
    """`User.Presence`."""

    USER_REQUEST = "UserRequest"
    """`User.Request`."""

    USER_RESPOND = "UserRespond"
    """`User.Respond`."""

    USER_DATA = "UserData"
    """`User.Data`."""

    USER_REQUEST_DATA = "UserRequestData"
    """`User.RequestData`."""

    USER_BAN = "UserBan"
    """`User.Ban`."""

    STATUS_PING = "StatusPing"
    """`Status.Ping`."""

    STATUS_CONNECTED = "StatusConnected"
    """`Status.Connected`."""

    STATUS_DISCONNECTED = "StatusDisconnected"
    """`Status.Disconnected`."""

    STATUS_CONNECTING = "StatusConnecting"
    """`Status.Connecting`."""

    STATUS_LOST = "StatusLost"
    """`Status.Lost`."""

    STATUS_DONE = "StatusDone"
    """`Status.Done`."""

    STATUS_FAILED = "StatusFailed"
    """`Status.Failed`."""

    STATUS_OVERRUN = "StatusOverrun"
    """`Status.Overrun`."""

    STATUS_CAPABILITIES = "StatusCapabilities"
    """`Status.Capabilities`."""

    ASSET_NEW = "AssetNew"
    """`Asset.New`."""

    ASSET_UPDATE = "AssetUpdate"
    """`Asset.Update`."""

    ASSET_REMOVE = "AssetRemove"
    """`Asset.Remove`."""

    ASSET_CLEAR_LIST = "AssetClearList"
    """`Asset.ClearList`."""

    ASSET_UNAVAILABLE = "AssetUnavailable"
    """`Asset.Unavailable`."""


class MessageStatus(Enum):
    """How far a message has come."""

    SENT = "Sent"
    """Taken from the user, not confirmed by the network."""

    DELIVERED = "Delivered"
    """Confirmed by the network; also every message of others."""

    EDITED = "Edited"
    """Changed after it was said."""

    DELETED = "Deleted"
    """A tombstone in history."""

    FAILED = "Failed"
    """It will not arrive, or nobody can tell; the error came with `Status.Failed`."""


class MessageType(Enum):
    """Who speaks."""

    CURRENT_USER = "CurrentUser"
    """The user of this account."""

    NORMAL = "Normal"
    """Somebody else."""

    SERVER = "Server"
    """The server."""

    META = "Meta"
    """The library."""


class Presence(Enum):
    """Whether somebody can be reached."""

    ONLINE = "Online"
    """They are there."""

    AWAY = "Away"
    """They are signed in but not at it."""

    BUSY = "Busy"
    """They are there and do not want to be disturbed."""

    OFFLINE = "Offline"
    """They are not signed in, or want to seem so."""


class Role(Enum):
    """What somebody may do in a channel, as far as networks agree on it."""

    MEMBER = "Member"
    """Talk."""

    MODERATOR = "Moderator"
    """Keep order among those who talk."""

    ADMIN = "Admin"
    """Change the channel and who is in it."""

    OWNER = "Owner"
    """Everything; the channel is theirs."""


class PlainStyle(Enum):
    """A style without a colour."""

    BOLD = "Bold"
    """Heavier letters."""

    ITALIC = "Italic"
    """Slanted letters."""

    UNDERLINE = "Underline"
    """A line below."""

    STRIKE = "Strike"
    """A line through."""

    CODE = "Code"
    """Program text: letters of one width, meant literally."""

    PREFORMATTED = "Preformatted"
    """Text whose spaces and line breaks make a picture."""

    QUOTE = "Quote"
    """Said by somebody else before."""

    SPOILER = "Spoiler"
    """Hidden until the reader asks for it."""


@dataclass(frozen=True, slots=True)
class Color:
    """Letters of a colour: red, green, blue, alpha."""

    rgba: Rgba


@dataclass(frozen=True, slots=True)
class Background:
    """Something of a colour behind the letters: red, green, blue, alpha."""

    rgba: Rgba


Style: TypeAlias = PlainStyle | Color | Background | Unknown


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text; never a command."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture."""

    url: str
    """Where it is."""

    mime: str
    """Its MIME type."""


@dataclass(frozen=True, slots=True)
class Video:
    """A film."""

    url: str
    """Where it is."""

    mime: str
    """Its MIME type."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording."""

    url: str
    """Where it is."""

    mime: str
    """Its MIME type."""


@dataclass(frozen=True, slots=True)
class Url:
    """A link that shows itself."""

    url: str


@dataclass(frozen=True, slots=True)
class AssetId:
    """The id of an `crate.Asset`."""

    asset_id: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that lies on the network; shown as a link."""

    url: str
    """Where it is."""

    name: str
    """What it is called."""

    mime: str
    """Its MIME type, as whoever sent it says."""

    size: int | None = None
    """How many bytes it has, where the network says so."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Sent only: a file of this machine that goes along. It is never made of what a peer says, or whoever passes messages on would give away the files of this machine; the update to `Delivered` has a `MessageFragment.File` in its place."""

    path: str
    """Where it lies on this machine."""

    mime: str | None = None
    """Its MIME type; `None` leaves that to the library."""

    name: str | None = None
    """What it is to be called; `None` is its name on this machine."""


@dataclass(frozen=True, slots=True)
class Styled:
    """Text, and whatever else is shown, with a style. At most `MAX_STYLE_DEPTH` of these and of `MessageFragment.Link` lie in each other."""

    style: Style
    """How it looks."""

    content: tuple[Fragment, ...]
    """What is within: shown fragments, and nothing that is still to be sent."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that shows something else."""

    url: str
    """Where it leads."""

    content: tuple[Fragment, ...]
    """What it shows, like the content of `MessageFragment.Styled`; empty: its address."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody is spoken to."""

    user_id: str
    """`crate.Profile.id` of who."""

    text: str
    """What it shows."""


@dataclass(frozen=True, slots=True)
class ChannelLink:
    """A link to a channel of the network."""

    channel_id: str
    """Which."""

    text: str
    """What it shows."""


@dataclass(frozen=True, slots=True)
class MessageLink:
    """A link to a message of the network."""

    message_id: str
    """Which."""

    channel_id: str | None = None
    """Its channel; `None` is the channel of the message that has the link."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The message answers another one of its channel. Not shown by itself."""

    message_id: str
    """Which."""


@dataclass(frozen=True, slots=True)
class EditedAt:
    """The message was last changed then. Not shown by itself; left out of what is sent."""

    time: datetime


@dataclass(frozen=True, slots=True)
class Reaction:
    """These people have put this emoji on the message. Not shown by itself; left out of what is sent."""

    emoji: str
    """The emoji, or what a network has in place of one."""

    user_ids: tuple[str, ...]
    """Who, in the order in which they came; the user too, under their own id."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the server says here in words, as it says it to programs. Not shown; left out of what is sent."""

    code: str
    """The network's name for it."""

    args: tuple[str, ...]
    """Names, numbers and texts that belong to it, in the network's order."""


@dataclass(frozen=True, slots=True)
class Extra:
    """What a network says about a message beyond this vocabulary; its documentation says what is in it. Not shown."""

    value: Any = None


Fragment: TypeAlias = (
    Text
    | Image
    | Video
    | Audio
    | Url
    | AssetId
    | File
    | Upload
    | Styled
    | Link
    | Mention
    | ChannelLink
    | MessageLink
    | Reply
    | EditedAt
    | Reaction
    | Notice
    | Extra
    | Unknown
)


@dataclass(frozen=True, slots=True)
class EmoteAsset:
    """A small picture within a line."""

    pattern: str
    """What a user types for it."""

    src: str
    """Address of its file."""

    source: AssetSource | Unknown
    """Who brought it."""

    id: str | None = None
    """The id used by `MessageFragment.AssetId`."""


@dataclass(frozen=True, slots=True)
class StickerAsset:
    """A large picture that stands alone."""

    pattern: str
    """What a user types for it."""

    src: str
    """Address of its file."""

    source: AssetSource | Unknown
    """Who brought it."""

    id: str | None = None
    """The id used by `MessageFragment.AssetId`."""


@dataclass(frozen=True, slots=True)
class AudioAsset:
    """A sound."""

    pattern: str
    """What a user types for it."""

    src: str
    """Address of its file."""

    source: AssetSource | Unknown
    """Who brought it."""

    id: str | None = None
    """The id used by `MessageFragment.AssetId`."""


@dataclass(frozen=True, slots=True)
class CommandAsset:
    """A command: a `Chat.New` whose first fragment is the `AssetId` of this runs it."""

    pattern: str
    """What a user types for it."""

    args: tuple[Fragment, ...]
    """Its arguments, with their defaults."""

    source: AssetSource | Unknown
    """Who brought it."""

    id: str | None = None
    """The id used by `MessageFragment.AssetId`."""


Asset: TypeAlias = EmoteAsset | StickerAsset | AudioAsset | CommandAsset | Unknown


@dataclass(frozen=True, slots=True)
class Profile:
    """A person, as a network shows them."""

    color: Rgba | None = None
    """Red, green, blue, alpha."""

    display_name: str | None = None
    """The name to show, where it differs."""

    id: str | None = None
    """The network's id, unique within a connection."""

    picture: str | None = None
    """Address of a picture."""

    username: str | None = None
    """The name used to address them."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where messages go."""

    id: str
    """The network's id, unique within a connection."""

    channel_type: ChannelType | Unknown
    """Who talks here."""

    name: str | None = None
    """The name to show; `id` where `None`."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's place in a channel."""

    user_id: str
    """`crate.Profile.id` of the person."""

    role: Role | Unknown
    """What they may do there."""


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """An `Error` as it travels in events."""

    kind: ErrorKind | Unknown
    """What went wrong."""

    message: str
    """One line for a person."""

    retry_after_ms: int | None = None
    """How long the other side asks to wait, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a network can do: the events `send` takes, and its limits."""

    confirmation: Confirmation | Unknown
    """How `Delivered` is known."""

    sends: tuple[EventKind | Unknown, ...]
    """The events that `send` takes; anything else gives `Unsupported`."""

    max_file_bytes: int | None = None
    """The largest file that can be sent along, in bytes; `None`: files cannot be sent along."""

    max_text_bytes: int | None = None
    """The longest text of one message, in bytes of UTF-8; `None`: no limit is known."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message."""

    content: tuple[Fragment, ...]
    """What was said, in order."""

    timestamp: datetime
    """When the network says it was said."""

    message_type: MessageType | Unknown
    """Who speaks."""

    status: MessageStatus | Unknown
    """How far it has come."""

    id: str | None = None
    """The network's id, unique within its channel; `local:<request>` until the network gave one."""

    sender_id: str | None = None
    """`crate.Profile.id` of the sender."""

    @property
    def text(self) -> str:
        """The plain text of it: what is shown of `content`, joined."""
        return "".join(shown(one) for one in self.content)

    @property
    def reply_to(self) -> str | None:
        """The id of the message that this one answers."""
        return next((one.message_id for one in self.content if isinstance(one, Reply)), None)


def shown(fragment: Fragment) -> str:
    """What is shown of a fragment, as text."""
    match fragment:
        case Text(text=text) | Mention(text=text) | ChannelLink(text=text):
            return text
        case Url(url=url) | Image(url=url) | Video(url=url) | Audio(url=url) | File(url=url):
            return url
        case Styled(content=content):
            return "".join(shown(one) for one in content)
        case Link(url=url, content=content):
            return "".join(shown(one) for one in content) or url
        case AssetId(asset_id=asset_id):
            return asset_id
        case Upload(path=path, name=name):
            return name or path
        case MessageLink(message_id=message_id):
            return message_id
        case _:
            return ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, or that a user wants to happen."""

    _: KW_ONLY

    account: int = 0
    """The number of the account where it happened; 0 for an event that was made by hand."""

    seq: int = 0
    """Rises by one with each event of the account."""

    request: int = 0
    """The request that caused it, or that ended; 0 if none did."""

    def to_json(self) -> str:
        """The event as JSON (`ConnectionEvent` in events.schema.json)."""
        from ._json import dump

        return dump(self)


@dataclass(frozen=True, slots=True)
class ChatNew(Event):
    """Received: it was said now. Sent: say it."""

    message: Message
    """What."""

    channel_id: str | None = None
    """Where; `None` is the current channel."""


@dataclass(frozen=True, slots=True)
class ChatUpdate(Event):
    """Received: a message has changed, or an own one was settled. Sent: edit it."""

    message_id: str
    """The id it had until now; `new_message.id` may differ."""

    new_message: Message
    """The whole message as it is now."""

    channel_id: str | None = None
    """Where; `None` is the current channel."""


@dataclass(frozen=True, slots=True)
class ChatRemove(Event):
    """Received: a message is gone. Sent: delete it."""

    message_id: str
    """Which."""

    channel_id: str | None = None
    """Where; `None` is the current channel."""


@dataclass(frozen=True, slots=True)
class ChatHistory(Event):
    """Messages from before now: backlog, missed ones, an answer to a history request. Oldest first; never news."""

    channel_id: str
    """Where."""

    messages: tuple[Message, ...]
    """Oldest first."""

    complete: bool
    """Whether nothing older (or, after a reconnect, nothing else missed) is left."""


@dataclass(frozen=True, slots=True)
class ChatGap(Event):
    """Messages may be missing between two that are known."""

    channel_id: str
    """Where."""

    after: str | None = None
    """Id of the last known message before the hole."""

    before: str | None = None
    """Id of the first known message behind the hole."""


@dataclass(frozen=True, slots=True)
class ChatRequestHistory(Event):
    """Sent only: older messages are wanted. Answered by `ChatEvent.History`, then `Done`."""

    limit: int
    """How many at most; a network may give fewer, and says with `complete` whether nothing older is left."""

    before: str | None = None
    """Id of the message before which the wanted ones lie; `None` asks for the newest."""

    channel_id: str | None = None
    """Where; `None` is the current channel."""


@dataclass(frozen=True, slots=True)
class ChatRead(Event):
    """Received: somebody has read a channel up to a message. Sent: mark it as read up to there."""

    message_id: str
    """The last message that was read."""

    channel_id: str | None = None
    """Where; `None` is the current channel."""

    user_id: str | None = None
    """Who; `None` is the user of this account, here or elsewhere."""


@dataclass(frozen=True, slots=True)
class ChatTyping(Event):
    """Received: somebody types, or no longer does; when they only stop, the session says so in time. Sent: the user types, or no longer does."""

    typing: bool
    """Whether they type."""

    channel_id: str | None = None
    """Where; `None` is the current channel."""

    user_id: str | None = None
    """Who; `None` is the user of this account: here when sent, elsewhere when received."""


@dataclass(frozen=True, slots=True)
class ChatReact(Event):
    """Received: somebody has put an emoji on a message or taken it off. Sent: do so."""

    message_id: str
    """On which message."""

    emoji: str
    """The emoji, or what the network has in place of one."""

    on: bool
    """Put on, or taken off."""

    channel_id: str | None = None
    """Where; `None` is the current channel."""

    user_id: str | None = None
    """Who: always named when received, also the user of this account; `None` when sent."""


@dataclass(frozen=True, slots=True)
class ChatProgress(Event):
    """Received only: so much of the files of an own message is through."""

    message_id: str
    """The id of the local echo."""

    sent: int
    """Bytes of all its files that are through."""

    total: int
    """Bytes of all its files."""

    channel_id: str | None = None
    """Where; `None` is the current channel."""


@dataclass(frozen=True, slots=True)
class ChannelNew(Event):
    """Received: a channel is there; after a reconnect an upsert. Sent: create it."""

    channel: Channel
    """The channel."""


@dataclass(frozen=True, slots=True)
class ChannelUpdate(Event):
    """Received: a channel has changed. Sent: change it."""

    channel_id: str
    """The id it had until now."""

    new_channel: Channel
    """The whole channel as it is now."""


@dataclass(frozen=True, slots=True)
class ChannelRemove(Event):
    """Received: a channel is gone. Sent: delete it."""

    channel_id: str
    """Which."""


@dataclass(frozen=True, slots=True)
class ChannelJoin(Event):
    """Received: the user is in it now. Sent: join it."""

    channel_id: str
    """Which."""


@dataclass(frozen=True, slots=True)
class ChannelLeave(Event):
    """Received: the user has left it. Sent: leave it."""

    channel_id: str
    """Which."""


@dataclass(frozen=True, slots=True)
class ChannelSwitch(Event):
    """Received: it is the current channel now. Sent: make it so."""

    channel_id: str
    """Which."""


@dataclass(frozen=True, slots=True)
class ChannelKick(Event):
    """The user of this account was removed."""

    ban: bool
    """Whether coming back is refused."""

    channel_id: str | None = None
    """From where; `None` is the whole network."""

    reason: str | None = None
    """Why, in the network's words."""


@dataclass(frozen=True, slots=True)
class ChannelWipe(Event):
    """All messages of a channel are to be forgotten; `None` is every channel."""

    channel_id: str | None = None
    """Which."""


@dataclass(frozen=True, slots=True)
class ChannelClearList(Event):
    """All channels are to be forgotten."""


@dataclass(frozen=True, slots=True)
class ChannelTopic(Event):
    """Received: this is its topic now. Sent: set it."""

    channel_id: str
    """Which channel."""

    topic: str | None = None
    """What it is about; `None` is nothing."""


@dataclass(frozen=True, slots=True)
class ChannelParent(Event):
    """The channel lies in another one."""

    channel_id: str
    """Which channel."""

    parent_id: str | None = None
    """The one around it; `None` is none."""


@dataclass(frozen=True, slots=True)
class ChannelMembers(Event):
    """Received: these are in it and have these roles; an upsert, after their `UserEvent.New`. Sent: add them or give them these roles; an empty list asks for all who are in it."""

    channel_id: str
    """Which channel."""

    members: tuple[Member, ...]
    """Some or all of those in it."""


@dataclass(frozen=True, slots=True)
class ChannelCreate(Event):
    """Sent only: create a channel, in another one or by itself. Answered by `ChannelEvent.New`, then `Done`."""

    channel: Channel
    """What it shall be; its id does not matter."""

    public: bool
    """Whether anybody may find and join it."""

    parent_id: str | None = None
    """The channel around it; `None` is none."""


@dataclass(frozen=True, slots=True)
class ChannelJoinWith(Event):
    """Sent only: join a channel that is not open to everybody."""

    channel_id: str
    """Which."""

    key: str
    """A password or the code of an invitation; a secret, never shown by `Debug`."""


@dataclass(frozen=True, slots=True)
class ChannelInvite(Event):
    """Sent: make an invitation. Received: its code, caused by the request; or somebody invites the user."""

    channel_id: str
    """Into which channel."""

    code: str | None = None
    """What `ChannelEvent.JoinWith` takes; never shown by `Debug`. `None` when sent, or where none is needed."""

    user_id: str | None = None
    """For whom; `None` when sent is for whoever has the code, when received without a request for the user."""


@dataclass(frozen=True, slots=True)
class ChannelDirectory(Event):
    """Sent: which channels can be joined? Received: these, caused by the request."""

    channels: tuple[Channel, ...]
    """Which there are; empty when sent."""

    query: str | None = None
    """What to look for; `None` is all."""


@dataclass(frozen=True, slots=True)
class UserNew(Event):
    """Somebody is in a channel, or known on the network; after a reconnect an upsert."""

    user: Profile
    """Who."""

    channel_id: str | None = None
    """Where; `None` is the network as a whole."""


@dataclass(frozen=True, slots=True)
class UserUpdate(Event):
    """Somebody has changed."""

    user_id: str
    """The id they had until now."""

    new_user: Profile
    """The whole profile as it is now."""

    channel_id: str | None = None
    """Where; `None` is the network as a whole."""


@dataclass(frozen=True, slots=True)
class UserRemove(Event):
    """Received: somebody has left. Sent: remove them from the channel."""

    user_id: str
    """Who."""

    channel_id: str | None = None
    """From where; `None` is the network as a whole."""


@dataclass(frozen=True, slots=True)
class UserClearList(Event):
    """All members of a channel are to be forgotten."""

    channel_id: str | None = None
    """Where; `None` is the network as a whole."""


@dataclass(frozen=True, slots=True)
class UserIdentify(Event):
    """Who the user of this account is."""

    user_id: str
    """The own id."""


@dataclass(frozen=True, slots=True)
class UserPresence(Event):
    """Received: somebody can or cannot be reached now. Sent: be so."""

    presence: Presence | Unknown
    """How they are."""

    text: str | None = None
    """What they say about it."""

    user_id: str | None = None
    """Who; `None` is the user of this account."""


@dataclass(frozen=True, slots=True)
class UserRequest(Event):
    """Received: contact is asked for and not answered yet. Sent: ask somebody for it."""

    user_id: str
    """The other person."""

    own: bool
    """Received: whether the user of this account has asked; else the other person has. No matter when sent."""

    text: str | None = None
    """What was said with it."""


@dataclass(frozen=True, slots=True)
class UserRespond(Event):
    """Received: somebody is a contact (said at sign-in of each), or is none (refused, or no longer). Sent: answer their request, or end a contact."""

    user_id: str
    """The other person."""

    accept: bool
    """Whether they are a contact from now on."""


@dataclass(frozen=True, slots=True)
class UserData(Event):
    """Received: a value that the user keeps on the network is this now. Sent: keep it."""

    key: str
    """What it is called."""

    channel_id: str | None = None
    """In which channel it is kept; `None` is outside of all."""

    value: Any = None
    """The value; `None` (the same as JSON's null) is none, and removes it when sent."""


@dataclass(frozen=True, slots=True)
class UserRequestData(Event):
    """Sent only: what is kept under this key? Answered by `UserEvent.Data`, then `Done`."""

    key: str
    """What it is called."""

    channel_id: str | None = None
    """In which channel it is kept; `None` is outside of all."""


@dataclass(frozen=True, slots=True)
class UserBan(Event):
    """Received: somebody is kept out from now on. Sent: remove them and keep them out."""

    user_id: str
    """Who."""

    channel_id: str | None = None
    """From where; `None` is the network as a whole."""

    reason: str | None = None
    """Why."""

    until: datetime | None = None
    """Until when; `None` is for ever."""


@dataclass(frozen=True, slots=True)
class StatusPing(Event):
    """Received: the peer gave a sign of life. Sent: ask it for one."""

    artifact: str | None = None
    """The network's words, if any."""


@dataclass(frozen=True, slots=True)
class StatusConnected(Event):
    """Signed in."""

    artifact: str | None = None
    """The network's words, if any."""


@dataclass(frozen=True, slots=True)
class StatusDisconnected(Event):
    """The connection is down. One that the user did not ask for follows a `Lost`."""

    artifact: str | None = None
    """The network's words, if any."""


@dataclass(frozen=True, slots=True)
class StatusConnecting(Event):
    """An attempt to connect begins."""


@dataclass(frozen=True, slots=True)
class StatusLost(Event):
    """The connection broke or could not be made."""

    error: ErrorInfo
    """Why."""

    retry_in_ms: int | None = None
    """When the next attempt begins, in milliseconds from now; `None`: it stays down."""


@dataclass(frozen=True, slots=True)
class StatusDone(Event):
    """A request is carried out."""


@dataclass(frozen=True, slots=True)
class StatusFailed(Event):
    """A request was not carried out."""

    error: ErrorInfo
    """Why."""


@dataclass(frozen=True, slots=True)
class StatusOverrun(Event):
    """This subscriber took nothing for too long while others waited; nothing follows."""


@dataclass(frozen=True, slots=True)
class StatusCapabilities(Event):
    """What the network can do has been learned or has changed."""

    capabilities: Capabilities
    """All of it."""


@dataclass(frozen=True, slots=True)
class AssetNew(Event):
    """An asset may be used."""

    asset: Asset
    """Which."""

    channel_id: str | None = None
    """Where; `None` is everywhere."""


@dataclass(frozen=True, slots=True)
class AssetUpdate(Event):
    """An asset has changed."""

    asset_id: str
    """The id it had until now."""

    new_asset: Asset
    """The whole asset as it is now."""

    channel_id: str | None = None
    """Where; `None` is everywhere."""


@dataclass(frozen=True, slots=True)
class AssetRemove(Event):
    """An asset is gone."""

    asset_id: str
    """Which."""

    channel_id: str | None = None
    """Where; `None` is everywhere."""


@dataclass(frozen=True, slots=True)
class AssetClearList(Event):
    """All assets are to be forgotten."""

    channel_id: str | None = None
    """Where; `None` is everywhere."""


@dataclass(frozen=True, slots=True)
class AssetUnavailable(Event):
    """The network's list of assets could not be had; what was known of it stays."""

    error: ErrorInfo
    """Why."""

    channel_id: str | None = None
    """Where; `None` is everywhere."""


@dataclass(frozen=True, slots=True)
class UnknownEvent(Event):
    """An event of a newer version: its name, and the whole of it as JSON gives it."""

    kind: str

    json: Any = None


__all__ = [
    "Asset",
    "AssetClearList",
    "AssetId",
    "AssetNew",
    "AssetRemove",
    "AssetSource",
    "AssetUnavailable",
    "AssetUpdate",
    "Audio",
    "AudioAsset",
    "Background",
    "Capabilities",
    "Channel",
    "ChannelClearList",
    "ChannelCreate",
    "ChannelDirectory",
    "ChannelInvite",
    "ChannelJoin",
    "ChannelJoinWith",
    "ChannelKick",
    "ChannelLeave",
    "ChannelLink",
    "ChannelMembers",
    "ChannelNew",
    "ChannelParent",
    "ChannelRemove",
    "ChannelSwitch",
    "ChannelTopic",
    "ChannelType",
    "ChannelUpdate",
    "ChannelWipe",
    "ChatGap",
    "ChatHistory",
    "ChatNew",
    "ChatProgress",
    "ChatReact",
    "ChatRead",
    "ChatRemove",
    "ChatRequestHistory",
    "ChatTyping",
    "ChatUpdate",
    "Color",
    "CommandAsset",
    "Confirmation",
    "EditedAt",
    "EmoteAsset",
    "ErrorInfo",
    "ErrorKind",
    "Event",
    "EventKind",
    "Extra",
    "File",
    "Fragment",
    "Image",
    "Link",
    "Member",
    "Mention",
    "Message",
    "MessageLink",
    "MessageStatus",
    "MessageType",
    "Notice",
    "PlainStyle",
    "Presence",
    "Profile",
    "Reaction",
    "Reply",
    "Rgba",
    "Role",
    "StatusCapabilities",
    "StatusConnected",
    "StatusConnecting",
    "StatusDisconnected",
    "StatusDone",
    "StatusFailed",
    "StatusLost",
    "StatusOverrun",
    "StatusPing",
    "StickerAsset",
    "Style",
    "Styled",
    "Text",
    "Unknown",
    "UnknownEvent",
    "Upload",
    "Url",
    "UserBan",
    "UserClearList",
    "UserData",
    "UserIdentify",
    "UserNew",
    "UserPresence",
    "UserRemove",
    "UserRequest",
    "UserRequestData",
    "UserRespond",
    "UserUpdate",
    "Video",
]
