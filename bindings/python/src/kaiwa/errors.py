"""What can go wrong, as a tree: a group for each cause, in it a class for each kind.

Made by generate.py from docs/events.schema.json and include/kaiwa.h; do not edit.
"""

from __future__ import annotations

from datetime import timedelta


class Error(Exception):
    """Something went wrong."""

    kind: str = "Other"
    """The name of the kind (`ErrorKind` in events.schema.json)."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.message = message
        """One line for a person, with the reason."""
        self.retry_after = retry_after
        """How long the other side asks to wait."""


class MisuseError(Error):
    """The caller made a mistake."""


class RefusalError(Error):
    """The network refuses."""


class PeerError(Error):
    """The peer is broken."""


class TransportError(Error, ConnectionError):
    """The transport failed."""


class LibraryError(Error):
    """This library or its machine failed."""


class InvalidError(MisuseError, ValueError):
    """An argument makes no sense."""

    kind = "Invalid"


class StateError(MisuseError):
    """Not possible now: not connected, already connected, shut down."""

    kind = "State"


class UnsupportedError(MisuseError):
    """The network cannot do it; `capabilities` says what it can."""

    kind = "Unsupported"


class FullError(MisuseError):
    """Too much is waiting already; try again when something has been settled."""

    kind = "Full"


class TooLongError(MisuseError):
    """The text or file is longer than the network takes."""

    kind = "TooLong"


class NotFoundError(MisuseError, LookupError):
    """No such account, channel, user or message."""

    kind = "NotFound"


class CancelledError(MisuseError):
    """Given up because the caller asked for it."""

    kind = "Cancelled"


class ReentrantError(MisuseError):
    """Called from where it must not be called, for example the pump from its own callback."""

    kind = "Reentrant"


class AuthError(RefusalError):
    """The network does not accept these credentials."""

    kind = "Auth"


class ForbiddenError(RefusalError):
    """The network does not allow this user to do that."""

    kind = "Forbidden"


class BannedError(RefusalError):
    """The user is banned; `retry_after` says until when, if the network does."""

    kind = "Banned"


class RateLimitedError(RefusalError):
    """The network asks to slow down."""

    kind = "RateLimited"


class RejectedError(RefusalError):
    """The network refuses for another reason."""

    kind = "Rejected"


class ConflictError(RefusalError):
    """The name or id is taken."""

    kind = "Conflict"


class ProtocolError(PeerError):
    """The peer breaks its protocol."""

    kind = "Protocol"


class TooLargeError(PeerError):
    """The peer sends more at once than a named limit."""

    kind = "TooLarge"


class VersionError(PeerError):
    """The peer speaks a version that is not spoken here."""

    kind = "Version"


class ResolveError(TransportError):
    """The host name does not resolve."""

    kind = "Resolve"


class RefusedError(TransportError):
    """Nobody listens there."""

    kind = "Refused"


class UnreachableError(TransportError):
    """The host cannot be reached."""

    kind = "Unreachable"


class TlsError(TransportError):
    """TLS fails: certificate, name or version."""

    kind = "Tls"


class ProxyError(TransportError):
    """The proxy fails or refuses."""

    kind = "Proxy"


class TimedOutError(TransportError, TimeoutError):
    """Somebody did not answer in time."""

    kind = "TimedOut"


class LostError(TransportError):
    """The connection ended without being asked to."""

    kind = "Lost"


class OutcomeUnknownError(TransportError):
    """Written, but nobody can tell whether it arrived."""

    kind = "OutcomeUnknown"


class HandshakeError(TransportError):
    """The server is there but answers the handshake with something else."""

    kind = "Handshake"


class InternalError(LibraryError):
    """A bug in this library."""

    kind = "Internal"


class StorageError(LibraryError):
    """A file or database cannot be read or written."""

    kind = "Storage"


class ConfigError(LibraryError):
    """A configuration is wrong."""

    kind = "Config"


class OtherError(LibraryError):
    """A kind that this version does not know."""

    kind = "Other"


class PanicError(LibraryError):
    """A bug in this library, met within the call."""

    kind = "Panic"


BY_NUMBER: dict[int, type[Error]] = {
    -1: InvalidError,
    -2: StateError,
    -3: UnsupportedError,
    -4: FullError,
    -5: TooLongError,
    -6: NotFoundError,
    -7: CancelledError,
    -8: ReentrantError,
    -20: AuthError,
    -21: ForbiddenError,
    -22: BannedError,
    -23: RateLimitedError,
    -24: RejectedError,
    -25: ConflictError,
    -40: ProtocolError,
    -41: TooLargeError,
    -42: VersionError,
    -50: ResolveError,
    -51: RefusedError,
    -52: UnreachableError,
    -53: TlsError,
    -54: ProxyError,
    -55: TimedOutError,
    -56: LostError,
    -57: OutcomeUnknownError,
    -58: HandshakeError,
    -70: InternalError,
    -71: StorageError,
    -72: ConfigError,
    -89: OtherError,
    -100: PanicError,
}
"""The class of each status of the C library."""


__all__ = [
    "AuthError",
    "BannedError",
    "CancelledError",
    "ConfigError",
    "ConflictError",
    "Error",
    "ForbiddenError",
    "FullError",
    "HandshakeError",
    "InternalError",
    "InvalidError",
    "LibraryError",
    "LostError",
    "MisuseError",
    "NotFoundError",
    "OtherError",
    "OutcomeUnknownError",
    "PanicError",
    "PeerError",
    "ProtocolError",
    "ProxyError",
    "RateLimitedError",
    "ReentrantError",
    "RefusalError",
    "RefusedError",
    "RejectedError",
    "ResolveError",
    "StateError",
    "StorageError",
    "TimedOutError",
    "TlsError",
    "TooLargeError",
    "TooLongError",
    "TransportError",
    "UnreachableError",
    "UnsupportedError",
    "VersionError",
]
