/*
 * kaiwa: many accounts on many chat networks behind one stream of events.
 *
 * This header is the manual of the C library. It is made from the library's sources; do not edit it.
 *
 * FIRST STEPS
 *
 *   kaiwa_client_new, kaiwa_client_set_event_handler, kaiwa_account_new, kaiwa_account_connect; then kaiwa_client_pump in a loop.
 *   What happens comes to the handler; what is wanted goes out with kaiwa_account_send_text and its neighbours.
 *
 * OWNERSHIP
 *
 *   What a function ending in _new gives, the one ending in _free takes; NULL is allowed in every _free. The same holds for
 *   lists, states, capabilities and JSON that a function gives through a pointer ending in _out. Everything else that comes back
 *   as a pointer is borrowed: from a static table for ever, from an event until the handler returns (or until
 *   kaiwa_event_release after kaiwa_event_retain), from a list until the list is freed, from kaiwa_last_error until the next call
 *   that fails on that thread. Handles may be freed in any order. The library never frees the caller's memory and never hands
 *   out memory for the caller's free().
 *
 * POINTERS AND STRINGS
 *
 *   A pointer is NULL or points to what its type says for as long as the call takes; where NULL makes no sense it is refused
 *   with KAIWA_ERR_INVALID. A freed handle must not be used again. Results are the last arguments and end in _out; they are
 *   written only on success, but pointers are set to NULL first. A place for a number may be NULL.
 *   Strings are kaiwa_str, by value both ways. Strings of the library end with a NUL that is not counted. A const handle says that
 *   a function only looks at what is behind it.
 *   What the library shows is read-only: never copy such a struct by value, take its sizeof or index an array of them (arrays
 *   hold pointers), because later versions append members; only kaiwa_str and kaiwa_login_field
 *   never change. Members that do not apply are NULL, 0 or false.
 *
 * STATUSES
 *
 *   Functions that can fail return a kaiwa_status: 0, or a negative number that is fixed for ever. kaiwa_last_error() tells the
 *   reason of the last failure on the same thread.
 *
 * REQUESTS
 *
 *   A call that asks the network for something returns at once. KAIWA_OK means that it was accepted: exactly one event with that
 *   request number follows, KAIWA_EVENT_STATUS_DONE or KAIWA_EVENT_STATUS_FAILED, also when the connection drops. A call that
 *   fails is followed by none. Numbers are never 0 and never used again. request_out may be NULL.
 *
 * THREADS
 *
 *   Every function says from which threads it may be called: "any thread", or "pump thread" (any one, one at a time). The network
 *   runs on threads of the library, in which all signals are blocked. The event handler runs only inside kaiwa_client_pump, on
 *   the thread that called it, so a program with one thread needs no locks.
 *   Three ways tell when to pump: block in it; poll the descriptor of kaiwa_client_wakeup_fd; or kaiwa_client_set_wakeup_handler,
 *   whose handler pokes a loop. The queue of each account is bounded: when it is full, reading from its network pauses, and nothing
 *   is lost.
 *
 * CALLBACKS
 *
 *   userdata comes back as it was given. destroy, if not NULL, is called exactly once with it: after the last use, and also if
 *   the registration fails. Within the event handler everything may be called but the pump of the same client
 *   (KAIWA_ERR_REENTRANT); freeing that client is put off until the pump returns. Within wakeup and log handlers nothing of the
 *   library may be called. Callbacks must return: longjmp and C++ exceptions out of them are forbidden.
 *
 * FORK AND EXIT
 *
 *   In a forked child handles of the parent are useless: freeing them does nothing, all else gives KAIWA_ERR_STATE; the child may
 *   make its own. A program may exit without freeing anything. The library must not be unloaded while a client exists.
 *
 * VERSIONS
 *
 *   KAIWA_VERSION_NUMBER is that of this header, kaiwa_version_number() that of the library. Numbers of statuses, events and all
 *   enums are fixed; new ones come, and those unknown must be skipped. kaiwa_abi_version() changes only when callers must be
 *   compiled again. No macro is needed to use the library.
 */

#ifndef KAIWA_H
#define KAIWA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of this header; kaiwa_version_number() is that of the library. */
#define KAIWA_VERSION_MAJOR 0
#define KAIWA_VERSION_MINOR 1
#define KAIWA_VERSION_PATCH 0
#define KAIWA_VERSION_NUMBER 1000

/* Before each function; define it yourself where the platform needs another one. */
#ifndef KAIWA_API
#if defined(_WIN32) && !defined(KAIWA_STATIC)
#define KAIWA_API __declspec(dllimport)
#else
#define KAIWA_API
#endif
#endif

/* A kaiwa_str of a string literal, and one that is "none"; they cost nothing. */
#ifdef __cplusplus
#define KAIWA_STR(literal) (kaiwa_str{"" literal, sizeof(literal) - 1})
#define KAIWA_NONE (kaiwa_str{NULL, 0})
#else
#define KAIWA_STR(literal) ((kaiwa_str){"" literal, sizeof(literal) - 1})
#define KAIWA_NONE ((kaiwa_str){NULL, 0})
#endif

/* The same where a constant must stand, as in C for something static:
   static const kaiwa_login_field form[] = {{KAIWA_STR_INIT("name"), KAIWA_STR_INIT("ann")}}; */
#define KAIWA_STR_INIT(literal) {"" literal, sizeof(literal) - 1}

/* Default options: kaiwa_client_options options = KAIWA_CLIENT_OPTIONS_INIT; */
#define KAIWA_CLIENT_OPTIONS_INIT {sizeof(kaiwa_client_options), 0, false, 0, 0}

/* All that is shown and taken; each is described below. */
typedef struct kaiwa_str kaiwa_str;
typedef struct kaiwa_error kaiwa_error;
typedef struct kaiwa_field kaiwa_field;
typedef struct kaiwa_capabilities kaiwa_capabilities;
typedef struct kaiwa_protocol kaiwa_protocol;
typedef struct kaiwa_protocol_list kaiwa_protocol_list;
typedef struct kaiwa_client_options kaiwa_client_options;
typedef struct kaiwa_fragment kaiwa_fragment;
typedef struct kaiwa_message kaiwa_message;
typedef struct kaiwa_channel kaiwa_channel;
typedef struct kaiwa_profile kaiwa_profile;
typedef struct kaiwa_member kaiwa_member;
typedef struct kaiwa_asset kaiwa_asset;
typedef struct kaiwa_event kaiwa_event;
typedef struct kaiwa_login_field kaiwa_login_field;
typedef struct kaiwa_json kaiwa_json;
typedef struct kaiwa_contact kaiwa_contact;
typedef struct kaiwa_value kaiwa_value;
typedef struct kaiwa_state kaiwa_state;
typedef struct kaiwa_channel_state kaiwa_channel_state;
typedef struct kaiwa_channel_list kaiwa_channel_list;
typedef struct kaiwa_member_list kaiwa_member_list;
typedef struct kaiwa_message_list kaiwa_message_list;
typedef struct kaiwa_asset_list kaiwa_asset_list;

/**
 * How a call ended: 0, or the negative of a number that is fixed for ever. New ones may come; treat one that you do not know
 * like `KAIWA_ERR_OTHER`.
 *
 * 1 to 19 is misuse by the caller, 20 to 39 the network's refusal, 40 to 49 a broken peer, 50 to 69 the transport, 70 to 89
 * this library and its machine. In `kaiwa_error` the same numbers say what went wrong later.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * It is done, or accepted.
   */
  KAIWA_OK = 0,
  /**
   * An argument makes no sense.
   */
  KAIWA_ERR_INVALID = -1,
  /**
   * Not possible now: not connected, shut down, in a forked child.
   */
  KAIWA_ERR_STATE = -2,
  /**
   * The network cannot do it; its capabilities say what it can.
   */
  KAIWA_ERR_UNSUPPORTED = -3,
  /**
   * Too much is waiting already; try again when something has been settled.
   */
  KAIWA_ERR_FULL = -4,
  /**
   * The text or file is longer than the network takes.
   */
  KAIWA_ERR_TOO_LONG = -5,
  /**
   * No such protocol, account, channel, user or message.
   */
  KAIWA_ERR_NOT_FOUND = -6,
  /**
   * Given up because the caller asked for it.
   */
  KAIWA_ERR_CANCELLED = -7,
  /**
   * Called from where it must not be called, for example the pump from its own callback.
   */
  KAIWA_ERR_REENTRANT = -8,
  /**
   * The network does not accept these credentials.
   */
  KAIWA_ERR_AUTH = -20,
  /**
   * The network does not allow this user to do that.
   */
  KAIWA_ERR_FORBIDDEN = -21,
  /**
   * The user is banned; `retry_after_ms` says for how long, if the network does.
   */
  KAIWA_ERR_BANNED = -22,
  /**
   * The network asks to slow down.
   */
  KAIWA_ERR_RATE_LIMITED = -23,
  /**
   * The network refuses for another reason.
   */
  KAIWA_ERR_REJECTED = -24,
  /**
   * The name or id is taken.
   */
  KAIWA_ERR_CONFLICT = -25,
  /**
   * The peer breaks its protocol.
   */
  KAIWA_ERR_PROTOCOL = -40,
  /**
   * The peer sends more at once than a limit.
   */
  KAIWA_ERR_TOO_LARGE = -41,
  /**
   * The peer speaks a version that is not spoken here.
   */
  KAIWA_ERR_VERSION = -42,
  /**
   * The host name does not resolve.
   */
  KAIWA_ERR_RESOLVE = -50,
  /**
   * Nobody listens there.
   */
  KAIWA_ERR_REFUSED = -51,
  /**
   * The host cannot be reached.
   */
  KAIWA_ERR_UNREACHABLE = -52,
  /**
   * TLS fails: certificate, name or version.
   */
  KAIWA_ERR_TLS = -53,
  /**
   * The proxy fails or refuses.
   */
  KAIWA_ERR_PROXY = -54,
  /**
   * Somebody did not answer in time.
   */
  KAIWA_ERR_TIMED_OUT = -55,
  /**
   * The connection ended without being asked to.
   */
  KAIWA_ERR_LOST = -56,
  /**
   * Written, but nobody can tell whether it arrived.
   */
  KAIWA_ERR_OUTCOME_UNKNOWN = -57,
  /**
   * The server is there but answers the handshake with something else.
   */
  KAIWA_ERR_HANDSHAKE = -58,
  /**
   * A bug in this library.
   */
  KAIWA_ERR_INTERNAL = -70,
  /**
   * A file or database cannot be read or written.
   */
  KAIWA_ERR_STORAGE = -71,
  /**
   * A configuration is wrong.
   */
  KAIWA_ERR_CONFIG = -72,
  /**
   * An error of a kind that this version has no number for.
   */
  KAIWA_ERR_OTHER = -89,
  /**
   * A bug in this library, met within the call. The process lives on; the handle may only be freed.
   */
  KAIWA_ERR_PANIC = -100,
} kaiwa_status;

/**
 * What a field of a login form is for.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * This version has no number for it.
   */
  KAIWA_FIELD_NONE = 0,
  /**
   * Plain text.
   */
  KAIWA_FIELD_TEXT = 1,
  /**
   * A secret: do not show what is typed.
   */
  KAIWA_FIELD_PASSWORD = 2,
  /**
   * Fields that belong together: `fields`.
   */
  KAIWA_FIELD_GROUP = 3,
} kaiwa_field_kind;

/**
 * Which event it is. Numbers are fixed for ever; new ones come, and those that you do not know must be skipped. What each means,
 * received and sent, is in docs/events.md of the library.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * An event of a kind that this library has no number for.
   */
  KAIWA_EVENT_NONE = 0,
  /**
   * It was said now: `channel_id`, `message`.
   */
  KAIWA_EVENT_CHAT_NEW = 1,
  /**
   * A message has changed, or an own one was settled: `channel_id`, `message_id` (the id until now), `message`.
   */
  KAIWA_EVENT_CHAT_UPDATE = 2,
  /**
   * A message is gone: `channel_id`, `message_id`.
   */
  KAIWA_EVENT_CHAT_REMOVE = 3,
  /**
   * Messages from before now, never news: `channel_id`, `messages` (oldest first), `complete`.
   */
  KAIWA_EVENT_CHAT_HISTORY = 4,
  /**
   * Messages may be missing: `channel_id`, `after`, `before`.
   */
  KAIWA_EVENT_CHAT_GAP = 5,
  /**
   * Sent only: `channel_id`, `before`, `limit`.
   */
  KAIWA_EVENT_CHAT_REQUEST_HISTORY = 6,
  /**
   * Somebody has read up to a message: `channel_id`, `message_id`, `user_id` (none: the own user).
   */
  KAIWA_EVENT_CHAT_READ = 7,
  /**
   * Somebody types, or no longer does: `channel_id`, `user_id` (none: the own user), `typing`.
   */
  KAIWA_EVENT_CHAT_TYPING = 8,
  /**
   * An emoji was put on a message or taken off: `channel_id`, `message_id`, `user_id`, `emoji`, `on`.
   */
  KAIWA_EVENT_CHAT_REACT = 9,
  /**
   * So much of the files of an own message is through: `channel_id`, `message_id`, `sent`, `total`.
   */
  KAIWA_EVENT_CHAT_PROGRESS = 10,
  /**
   * A channel is there: `channel`.
   */
  KAIWA_EVENT_CHANNEL_NEW = 100,
  /**
   * A channel has changed: `channel_id` (the id until now), `channel`.
   */
  KAIWA_EVENT_CHANNEL_UPDATE = 101,
  /**
   * A channel is gone: `channel_id`.
   */
  KAIWA_EVENT_CHANNEL_REMOVE = 102,
  /**
   * The user is in it now: `channel_id`.
   */
  KAIWA_EVENT_CHANNEL_JOIN = 103,
  /**
   * The user has left it: `channel_id`.
   */
  KAIWA_EVENT_CHANNEL_LEAVE = 104,
  /**
   * It is the current channel now: `channel_id`.
   */
  KAIWA_EVENT_CHANNEL_SWITCH = 105,
  /**
   * The user of this account was removed: `channel_id` (none: from the network), `reason`, `ban`.
   */
  KAIWA_EVENT_CHANNEL_KICK = 106,
  /**
   * All messages of a channel are to be forgotten: `channel_id` (none: of all).
   */
  KAIWA_EVENT_CHANNEL_WIPE = 107,
  /**
   * All channels are to be forgotten.
   */
  KAIWA_EVENT_CHANNEL_CLEAR_LIST = 108,
  /**
   * What a channel is about: `channel_id`, `topic`.
   */
  KAIWA_EVENT_CHANNEL_TOPIC = 109,
  /**
   * A channel lies in another one: `channel_id`, `parent_id`.
   */
  KAIWA_EVENT_CHANNEL_PARENT = 110,
  /**
   * These are in it and have these roles: `channel_id`, `members`.
   */
  KAIWA_EVENT_CHANNEL_MEMBERS = 111,
  /**
   * Sent only: `parent_id`, `channel`, `is_public`.
   */
  KAIWA_EVENT_CHANNEL_CREATE = 112,
  /**
   * Sent only: `channel_id`, `key` (a secret).
   */
  KAIWA_EVENT_CHANNEL_JOIN_WITH = 113,
  /**
   * The code of an invitation, or somebody invites the user: `channel_id`, `user_id`, `code` (a secret).
   */
  KAIWA_EVENT_CHANNEL_INVITE = 114,
  /**
   * Channels that can be joined: `query`, `channels`.
   */
  KAIWA_EVENT_CHANNEL_DIRECTORY = 115,
  /**
   * Somebody is in a channel, or known on the network: `channel_id` (none: the network), `user`.
   */
  KAIWA_EVENT_USER_NEW = 200,
  /**
   * Somebody has changed: `channel_id`, `user_id` (the id until now), `user`.
   */
  KAIWA_EVENT_USER_UPDATE = 201,
  /**
   * Somebody has left: `channel_id`, `user_id`.
   */
  KAIWA_EVENT_USER_REMOVE = 202,
  /**
   * All members of a channel are to be forgotten: `channel_id`.
   */
  KAIWA_EVENT_USER_CLEAR_LIST = 203,
  /**
   * Who the user of this account is: `user_id`.
   */
  KAIWA_EVENT_USER_IDENTIFY = 204,
  /**
   * Somebody can or cannot be reached: `user_id` (none: the own user), `presence`, `text`.
   */
  KAIWA_EVENT_USER_PRESENCE = 205,
  /**
   * Contact is asked for: `user_id`, `own` (the user has asked), `text`.
   */
  KAIWA_EVENT_USER_REQUEST = 206,
  /**
   * Somebody is a contact, or is none: `user_id`, `accept`.
   */
  KAIWA_EVENT_USER_RESPOND = 207,
  /**
   * A value that the user keeps on the network: `channel_id`, `key`, `value_json` (none: no value).
   */
  KAIWA_EVENT_USER_DATA = 208,
  /**
   * Sent only: `channel_id`, `key`.
   */
  KAIWA_EVENT_USER_REQUEST_DATA = 209,
  /**
   * Somebody is kept out: `channel_id`, `user_id`, `until_ms` (if `has_until`), `reason`.
   */
  KAIWA_EVENT_USER_BAN = 210,
  /**
   * A sign of life: `artifact`.
   */
  KAIWA_EVENT_STATUS_PING = 300,
  /**
   * Signed in: `artifact`.
   */
  KAIWA_EVENT_STATUS_CONNECTED = 301,
  /**
   * The connection is down: `artifact`.
   */
  KAIWA_EVENT_STATUS_DISCONNECTED = 302,
  /**
   * An attempt to connect begins.
   */
  KAIWA_EVENT_STATUS_CONNECTING = 303,
  /**
   * The connection broke or could not be made: `error`, `retry_in_ms` (if `has_retry_in`; else it stays down).
   */
  KAIWA_EVENT_STATUS_LOST = 304,
  /**
   * A request is carried out: `request` and `ended_request`.
   */
  KAIWA_EVENT_STATUS_DONE = 305,
  /**
   * A request was not carried out: `request` and `ended_request`, `error`.
   */
  KAIWA_EVENT_STATUS_FAILED = 306,
  /**
   * Events were not taken for too long while others waited; nothing follows.
   */
  KAIWA_EVENT_STATUS_OVERRUN = 307,
  /**
   * What the network can do has been learned or has changed: `capabilities`.
   */
  KAIWA_EVENT_STATUS_CAPABILITIES = 308,
  /**
   * An asset may be used: `channel_id` (none: everywhere), `asset`.
   */
  KAIWA_EVENT_ASSET_NEW = 400,
  /**
   * An asset has changed: `channel_id`, `asset_id` (the id until now), `asset`.
   */
  KAIWA_EVENT_ASSET_UPDATE = 401,
  /**
   * An asset is gone: `channel_id`, `asset_id`.
   */
  KAIWA_EVENT_ASSET_REMOVE = 402,
  /**
   * All assets are to be forgotten: `channel_id`.
   */
  KAIWA_EVENT_ASSET_CLEAR_LIST = 403,
  /**
   * The list of assets could not be had: `channel_id`, `error`.
   */
  KAIWA_EVENT_ASSET_UNAVAILABLE = 404,
} kaiwa_event_kind;

/**
 * How a network confirms an own message.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * This version has no number for it.
   */
  KAIWA_CONFIRMATION_NONE = 0,
  /**
   * The server answers the request.
   */
  KAIWA_CONFIRMATION_ACKNOWLEDGED = 1,
  /**
   * The server sends the message back to its sender too.
   */
  KAIWA_CONFIRMATION_ECHO = 2,
} kaiwa_confirmation;

/**
 * What a fragment is.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * This version has no number for it.
   */
  KAIWA_FRAGMENT_NONE = 0,
  /**
   * Plain text; never a command: `text`.
   */
  KAIWA_FRAGMENT_TEXT = 1,
  /**
   * A picture: `url`, `mime`.
   */
  KAIWA_FRAGMENT_IMAGE = 2,
  /**
   * A film: `url`, `mime`.
   */
  KAIWA_FRAGMENT_VIDEO = 3,
  /**
   * A recording: `url`, `mime`.
   */
  KAIWA_FRAGMENT_AUDIO = 4,
  /**
   * A link that shows itself: `url`.
   */
  KAIWA_FRAGMENT_URL = 5,
  /**
   * An asset: `asset_id`.
   */
  KAIWA_FRAGMENT_ASSET = 6,
  /**
   * A file that lies on the network: `url`, `name`, `mime`, `size` (if `has_size`).
   */
  KAIWA_FRAGMENT_FILE = 7,
  /**
   * Sent only: a file of this machine that goes along: `path`, `name`, `mime`.
   */
  KAIWA_FRAGMENT_UPLOAD = 8,
  /**
   * What lies within has a style: `style`, `color`, `content`.
   */
  KAIWA_FRAGMENT_STYLED = 9,
  /**
   * A link that shows something else: `url`, `content` (none: it shows itself).
   */
  KAIWA_FRAGMENT_LINK = 10,
  /**
   * Somebody is spoken to: `user_id`, `text`.
   */
  KAIWA_FRAGMENT_MENTION = 11,
  /**
   * A link to a channel: `channel_id`, `text`.
   */
  KAIWA_FRAGMENT_CHANNEL_LINK = 12,
  /**
   * A link to a message: `channel_id` (none: the same channel), `message_id`.
   */
  KAIWA_FRAGMENT_MESSAGE_LINK = 13,
  /**
   * The message answers another one: `message_id`. Not shown by itself.
   */
  KAIWA_FRAGMENT_REPLY = 14,
  /**
   * The message was last changed then: `time_ms`, `time_ns`. Not shown by itself.
   */
  KAIWA_FRAGMENT_EDITED_AT = 15,
  /**
   * People have put an emoji on the message: `emoji`, `strings` (their ids). Not shown by itself.
   */
  KAIWA_FRAGMENT_REACTION = 16,
  /**
   * What the server says here in words, as it says it to programs: `code`, `strings`. Not shown.
   */
  KAIWA_FRAGMENT_NOTICE = 17,
  /**
   * What a network says beyond this vocabulary: `json`. Not shown.
   */
  KAIWA_FRAGMENT_EXTRA = 18,
} kaiwa_fragment_kind;

/**
 * How a part of a message looks.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * It does not apply, or this version has no number for it.
   */
  KAIWA_STYLE_NONE = 0,
  /**
   * Heavier letters.
   */
  KAIWA_STYLE_BOLD = 1,
  /**
   * Slanted letters.
   */
  KAIWA_STYLE_ITALIC = 2,
  /**
   * A line below.
   */
  KAIWA_STYLE_UNDERLINE = 3,
  /**
   * A line through.
   */
  KAIWA_STYLE_STRIKE = 4,
  /**
   * Program text: letters of one width, meant literally.
   */
  KAIWA_STYLE_CODE = 5,
  /**
   * Text whose spaces and line breaks make a picture.
   */
  KAIWA_STYLE_PREFORMATTED = 6,
  /**
   * Said by somebody else before.
   */
  KAIWA_STYLE_QUOTE = 7,
  /**
   * Hidden until the reader asks for it.
   */
  KAIWA_STYLE_SPOILER = 8,
  /**
   * Letters of a colour.
   */
  KAIWA_STYLE_COLOR = 9,
  /**
   * Something of a colour behind the letters.
   */
  KAIWA_STYLE_BACKGROUND = 10,
} kaiwa_style;

/**
 * Who speaks.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * This version has no number for it.
   */
  KAIWA_MESSAGE_NONE = 0,
  /**
   * The user of this account.
   */
  KAIWA_MESSAGE_CURRENT_USER = 1,
  /**
   * Somebody else.
   */
  KAIWA_MESSAGE_NORMAL = 2,
  /**
   * The server.
   */
  KAIWA_MESSAGE_SERVER = 3,
  /**
   * The library.
   */
  KAIWA_MESSAGE_META = 4,
} kaiwa_message_type;

/**
 * How far a message has come.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * This version has no number for it.
   */
  KAIWA_MESSAGE_STATUS_NONE = 0,
  /**
   * Taken from the user, not confirmed by the network.
   */
  KAIWA_MESSAGE_SENT = 1,
  /**
   * Confirmed by the network; also every message of others.
   */
  KAIWA_MESSAGE_DELIVERED = 2,
  /**
   * Changed after it was said.
   */
  KAIWA_MESSAGE_EDITED = 3,
  /**
   * A tombstone in history.
   */
  KAIWA_MESSAGE_DELETED = 4,
  /**
   * It will not arrive, or nobody can tell.
   */
  KAIWA_MESSAGE_FAILED = 5,
} kaiwa_message_status;

/**
 * Who talks in a channel.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * This version has no number for it.
   */
  KAIWA_CHANNEL_NONE = 0,
  /**
   * Many with many.
   */
  KAIWA_CHANNEL_GROUP = 1,
  /**
   * Two people.
   */
  KAIWA_CHANNEL_DIRECT = 2,
  /**
   * One place that everybody connected hears.
   */
  KAIWA_CHANNEL_BROADCAST = 3,
  /**
   * Nobody: it holds other channels.
   */
  KAIWA_CHANNEL_SPACE = 4,
} kaiwa_channel_type;

/**
 * What somebody may do in a channel, as far as networks agree on it.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * This version has no number for it.
   */
  KAIWA_ROLE_NONE = 0,
  /**
   * Talk.
   */
  KAIWA_ROLE_MEMBER = 1,
  /**
   * Keep order among those who talk.
   */
  KAIWA_ROLE_MODERATOR = 2,
  /**
   * Change the channel and who is in it.
   */
  KAIWA_ROLE_ADMIN = 3,
  /**
   * Everything; the channel is theirs.
   */
  KAIWA_ROLE_OWNER = 4,
} kaiwa_role;

/**
 * Whether somebody can be reached.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * It does not apply, or was not said, or this version has no number for it.
   */
  KAIWA_PRESENCE_NONE = 0,
  /**
   * They are there.
   */
  KAIWA_PRESENCE_ONLINE = 1,
  /**
   * They are signed in but not at it.
   */
  KAIWA_PRESENCE_AWAY = 2,
  /**
   * They are there and do not want to be disturbed.
   */
  KAIWA_PRESENCE_BUSY = 3,
  /**
   * They are not signed in, or want to seem so.
   */
  KAIWA_PRESENCE_OFFLINE = 4,
} kaiwa_presence;

/**
 * What an asset is.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * This version has no number for it.
   */
  KAIWA_ASSET_NONE = 0,
  /**
   * A small picture within a line.
   */
  KAIWA_ASSET_EMOTE = 1,
  /**
   * A large picture that stands alone.
   */
  KAIWA_ASSET_STICKER = 2,
  /**
   * A sound.
   */
  KAIWA_ASSET_AUDIO = 3,
  /**
   * A command: a message whose first fragment is the id of this runs it.
   */
  KAIWA_ASSET_COMMAND = 4,
} kaiwa_asset_kind;

/**
 * Who brought an asset.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * This version has no number for it.
   */
  KAIWA_ASSET_SOURCE_NONE = 0,
  /**
   * The user.
   */
  KAIWA_ASSET_SOURCE_USER = 1,
  /**
   * The server.
   */
  KAIWA_ASSET_SOURCE_SERVER = 2,
  /**
   * The library.
   */
  KAIWA_ASSET_SOURCE_META = 3,
} kaiwa_asset_source;

/**
 * Whether a connection is up.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * This version has no number for it.
   */
  KAIWA_CONNECTION_NONE = 0,
  /**
   * It is down.
   */
  KAIWA_CONNECTION_DISCONNECTED = 1,
  /**
   * An attempt to connect is under way.
   */
  KAIWA_CONNECTION_CONNECTING = 2,
  /**
   * It is signed in.
   */
  KAIWA_CONNECTION_CONNECTED = 3,
} kaiwa_connection_status;

/**
 * How far two people are on the way to being contacts.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * This version has no number for it.
   */
  KAIWA_CONTACT_NONE = 0,
  /**
   * The user has asked them.
   */
  KAIWA_CONTACT_ASKED = 1,
  /**
   * They ask the user.
   */
  KAIWA_CONTACT_ASKING = 2,
  /**
   * They are contacts.
   */
  KAIWA_CONTACT_CONFIRMED = 3,
} kaiwa_contact_kind;

/**
 * How important a line of the log is.
 *
 * Since 0.1.0.
 */
typedef enum {
  /**
   * Nothing.
   */
  KAIWA_LOG_OFF = 0,
  /**
   * Something is wrong.
   */
  KAIWA_LOG_ERROR = 1,
  /**
   * Something may be wrong.
   */
  KAIWA_LOG_WARN = 2,
  /**
   * What an operator may want to know.
   */
  KAIWA_LOG_INFO = 3,
  /**
   * What a programmer may want to know.
   */
  KAIWA_LOG_DEBUG = 4,
  /**
   * Everything.
   */
  KAIWA_LOG_TRACE = 5,
} kaiwa_log_level;

/**
 * An account of a client.
 */
typedef struct kaiwa_account kaiwa_account;

/**
 * A client: many accounts and one stream of their events. Any number may exist at once.
 */
typedef struct kaiwa_client kaiwa_client;

/**
 * A message that is being put together. Several threads may use one, but what comes of their order is theirs to know.
 */
typedef struct kaiwa_draft kaiwa_draft;

/**
 * A string: UTF-8 and its length in bytes. It is passed by value both ways and never owns anything.
 *
 * In: no NUL is needed at the end; one inside is kept. `{NULL, 0}` is "none" where a function says so, else the empty string.
 * Out: valid UTF-8, followed by a NUL that `len` does not count, so that `data` is also a C string. Where there is none,
 * `data` is NULL; the empty string has a `data`.
 *
 * Since 0.1.0.
 */
struct kaiwa_str {
  /**
   * The bytes.
   */
  const char *data;
  /**
   * How many there are.
   */
  size_t len;
};

/**
 * An error: of the last call that failed on this thread, or within an event.
 *
 * Since 0.1.0.
 */
struct kaiwa_error {
  /**
   * What went wrong.
   */
  kaiwa_status status;
  /**
   * One line for a person, with the reason.
   */
  kaiwa_str message;
  /**
   * Whether `retry_after_ms` is known.
   */
  bool has_retry_after;
  /**
   * How long the other side asks to wait.
   */
  uint64_t retry_after_ms;
};

/**
 * A field of a login form.
 *
 * Since 0.1.0.
 */
struct kaiwa_field {
  /**
   * What `kaiwa_login_field` calls it; unique within its form.
   */
  kaiwa_str name;
  /**
   * What to show to a person; `name` where there is none.
   */
  kaiwa_str display;
  /**
   * What it is for.
   */
  kaiwa_field_kind kind;
  /**
   * What stands in it at first.
   */
  kaiwa_str value;
  /**
   * Whether the form is incomplete without it.
   */
  bool required;
  /**
   * Fields that belong together.
   */
  const kaiwa_field *const *fields;
  /**
   * How many `fields` there are.
   */
  size_t fields_len;
};

/**
 * What a network can do.
 *
 * Since 0.1.0.
 */
struct kaiwa_capabilities {
  /**
   * The events that can be sent; anything else gives `KAIWA_ERR_UNSUPPORTED`.
   */
  const kaiwa_event_kind *sends;
  /**
   * How many `sends` there are.
   */
  size_t sends_len;
  /**
   * Whether there is a limit to texts that is known.
   */
  bool has_max_text;
  /**
   * The longest text of one message, in bytes of UTF-8.
   */
  uint64_t max_text_bytes;
  /**
   * Whether files can be sent along.
   */
  bool has_max_file;
  /**
   * The largest file that can be sent along; `UINT64_MAX` where no limit is known.
   */
  uint64_t max_file_bytes;
  /**
   * How it is known that an own message has arrived.
   */
  kaiwa_confirmation confirmation;
};

/**
 * A network: its name, its login form, and what it can do as far as is known before a sign-in.
 *
 * Since 0.1.0.
 */
struct kaiwa_protocol {
  /**
   * The name that `kaiwa_account_new` takes.
   */
  kaiwa_str name;
  /**
   * A few words for a person.
   */
  kaiwa_str about;
  /**
   * The login form.
   */
  const kaiwa_field *const *fields;
  /**
   * How many `fields` there are.
   */
  size_t fields_len;
  /**
   * What it can do.
   */
  const kaiwa_capabilities *capabilities;
};

/**
 * A list of networks.
 *
 * Since 0.1.0.
 */
struct kaiwa_protocol_list {
  /**
   * The networks, by name.
   */
  const kaiwa_protocol *const *items;
  /**
   * How many there are.
   */
  size_t len;
};

/**
 * How a client works. Set `size` to `sizeof(kaiwa_client_options)` and everything else to 0 for the defaults;
 * `kaiwa_client_options_init` does that.
 *
 * Since 0.1.0.
 */
struct kaiwa_client_options {
  /**
   * The size of this struct as the caller knows it.
   */
  size_t size;
  /**
   * How many threads the network runs on; 0: as many as the machine has processors, at most 4.
   */
  uint32_t threads;
  /**
   * Whether to keep no state: then the functions that read it give `KAIWA_ERR_NOT_FOUND`.
   */
  bool no_state;
  /**
   * How many events may wait per account before reading from its network pauses; 0: 1,024.
   */
  size_t queue_events;
  /**
   * How many bytes of events may wait per account before reading from its network pauses; 0: 1 MiB.
   */
  size_t queue_bytes;
};

/**
 * A piece of a message. What is shown comes first, in order; then what is said about the message.
 *
 * Since 0.1.0.
 */
struct kaiwa_fragment {
  /**
   * What it is; the comments of the numbers say which members apply.
   */
  kaiwa_fragment_kind kind;
  /**
   * The style of `KAIWA_FRAGMENT_STYLED`.
   */
  kaiwa_style style;
  /**
   * Red, green, blue, alpha of the styles that are colours.
   */
  uint8_t color[4];
  /**
   * What it shows, as text.
   */
  kaiwa_str text;
  /**
   * Where it is, or leads.
   */
  kaiwa_str url;
  /**
   * Its MIME type.
   */
  kaiwa_str mime;
  /**
   * What a file is called.
   */
  kaiwa_str name;
  /**
   * Where a file lies on this machine.
   */
  kaiwa_str path;
  /**
   * An asset's id.
   */
  kaiwa_str asset_id;
  /**
   * A person's id.
   */
  kaiwa_str user_id;
  /**
   * A channel's id.
   */
  kaiwa_str channel_id;
  /**
   * A message's id.
   */
  kaiwa_str message_id;
  /**
   * An emoji, or what a network has in place of one.
   */
  kaiwa_str emoji;
  /**
   * The network's name for a notice.
   */
  kaiwa_str code;
  /**
   * A value in JSON.
   */
  kaiwa_str json;
  /**
   * People of a reaction, arguments of a notice.
   */
  const kaiwa_str *strings;
  /**
   * How many `strings` there are.
   */
  size_t strings_len;
  /**
   * What lies within a style or a link.
   */
  const kaiwa_fragment *const *content;
  /**
   * How many fragments `content` has.
   */
  size_t content_len;
  /**
   * Whether `size` is known.
   */
  bool has_size;
  /**
   * How many bytes a file has.
   */
  uint64_t size;
  /**
   * A moment: milliseconds since 1970-01-01 00:00 UTC, rounded down.
   */
  int64_t time_ms;
  /**
   * Nanoseconds beyond `time_ms`.
   */
  uint32_t time_ns;
};

/**
 * A message.
 *
 * Since 0.1.0.
 */
struct kaiwa_message {
  /**
   * The network's id, unique within its channel; `local:<request>` until the network gave one.
   */
  kaiwa_str id;
  /**
   * The id of whoever sent it.
   */
  kaiwa_str sender_id;
  /**
   * The plain text of it: what is shown of `content`, joined.
   */
  kaiwa_str text;
  /**
   * Id of the message that this one answers.
   */
  kaiwa_str reply_to;
  /**
   * What was said, in order.
   */
  const kaiwa_fragment *const *content;
  /**
   * How many fragments `content` has.
   */
  size_t content_len;
  /**
   * When the network says it was said: milliseconds since 1970-01-01 00:00 UTC, rounded down.
   */
  int64_t timestamp_ms;
  /**
   * Nanoseconds beyond `timestamp_ms`, where a network is as precise.
   */
  uint32_t timestamp_ns;
  /**
   * Who speaks.
   */
  kaiwa_message_type message_type;
  /**
   * How far it has come.
   */
  kaiwa_message_status status;
};

/**
 * A place where messages go.
 *
 * Since 0.1.0.
 */
struct kaiwa_channel {
  /**
   * The network's id, unique within an account.
   */
  kaiwa_str id;
  /**
   * The name to show; `id` where there is none.
   */
  kaiwa_str name;
  /**
   * Who talks here.
   */
  kaiwa_channel_type channel_type;
};

/**
 * A person, as a network shows them.
 *
 * Since 0.1.0.
 */
struct kaiwa_profile {
  /**
   * The network's id, unique within an account.
   */
  kaiwa_str id;
  /**
   * The name used to address them.
   */
  kaiwa_str username;
  /**
   * The name to show, where it differs.
   */
  kaiwa_str display_name;
  /**
   * Address of a picture.
   */
  kaiwa_str picture;
  /**
   * Whether `color` is known.
   */
  bool has_color;
  /**
   * Red, green, blue, alpha.
   */
  uint8_t color[4];
};

/**
 * Somebody's place in a channel.
 *
 * Since 0.1.0.
 */
struct kaiwa_member {
  /**
   * Their id.
   */
  kaiwa_str user_id;
  /**
   * What they may do there.
   */
  kaiwa_role role;
  /**
   * Whether they type now. Only in lists of members.
   */
  bool typing;
  /**
   * How they are, if that was said. Only in lists of members.
   */
  kaiwa_presence presence;
  /**
   * What they say about it. Only in lists of members.
   */
  kaiwa_str presence_text;
  /**
   * The id of the last message that they have read, if that was said. Only in lists of members.
   */
  kaiwa_str read_message_id;
  /**
   * Who they are. Only in lists of members; NULL in events.
   */
  const kaiwa_profile *profile;
};

/**
 * Something that a user may put into a message besides text.
 *
 * Since 0.1.0.
 */
struct kaiwa_asset {
  /**
   * What it is.
   */
  kaiwa_asset_kind kind;
  /**
   * The id that a fragment uses for it.
   */
  kaiwa_str id;
  /**
   * What a user types for it.
   */
  kaiwa_str pattern;
  /**
   * Address of its file; none for a command.
   */
  kaiwa_str src;
  /**
   * Who brought it.
   */
  kaiwa_asset_source source;
  /**
   * The arguments of a command, with their defaults.
   */
  const kaiwa_fragment *const *args;
  /**
   * How many `args` there are.
   */
  size_t args_len;
};

/**
 * Something that happened. The comments of `kaiwa_event_kind` say which members apply; the others are NULL, 0 or false.
 *
 * It is read-only, made by the library, and lives until the event handler returns, or until `kaiwa_event_release` after
 * `kaiwa_event_retain`. A retained event owns all that it shows and keeps nothing else alive. Never copy it by value: it may
 * have more members than this header says.
 *
 * Since 0.1.0.
 */
struct kaiwa_event {
  /**
   * Which event it is.
   */
  kaiwa_event_kind kind;
  /**
   * The number of the account where it happened (`kaiwa_account_id`); 0 for an event made from JSON.
   */
  uint64_t account;
  /**
   * What `kaiwa_account_set_userdata` set when the handler was called; NULL once the account is freed.
   */
  void *account_userdata;
  /**
   * Rises by one with each event of the account.
   */
  uint64_t seq;
  /**
   * The request that caused it; 0 if none did.
   */
  uint64_t request;
  /**
   * The request that ended: in `KAIWA_EVENT_STATUS_DONE` and `…_FAILED` of a client the same as `request`.
   */
  uint64_t ended_request;
  /**
   * Where; what none means is said with each kind.
   */
  kaiwa_str channel_id;
  /**
   * Which message.
   */
  kaiwa_str message_id;
  /**
   * Who.
   */
  kaiwa_str user_id;
  /**
   * The channel around it.
   */
  kaiwa_str parent_id;
  /**
   * Which asset.
   */
  kaiwa_str asset_id;
  /**
   * Id of the message after which the hole is.
   */
  kaiwa_str after;
  /**
   * Id of the message before which the hole, or what is wanted, is.
   */
  kaiwa_str before;
  /**
   * The network's words.
   */
  kaiwa_str artifact;
  /**
   * Why, in the network's words.
   */
  kaiwa_str reason;
  /**
   * What a channel is about.
   */
  kaiwa_str topic;
  /**
   * What was looked for.
   */
  kaiwa_str query;
  /**
   * What a value is called; what lets one join (a secret).
   */
  kaiwa_str key;
  /**
   * The code of an invitation (a secret).
   */
  kaiwa_str code;
  /**
   * The emoji, or what a network has in place of one.
   */
  kaiwa_str emoji;
  /**
   * What somebody said with it.
   */
  kaiwa_str text;
  /**
   * A value in JSON.
   */
  kaiwa_str value_json;
  /**
   * The message.
   */
  const kaiwa_message *message;
  /**
   * Messages, oldest first.
   */
  const kaiwa_message *const *messages;
  /**
   * How many `messages` there are.
   */
  size_t messages_len;
  /**
   * The channel.
   */
  const kaiwa_channel *channel;
  /**
   * Channels.
   */
  const kaiwa_channel *const *channels;
  /**
   * How many `channels` there are.
   */
  size_t channels_len;
  /**
   * The person.
   */
  const kaiwa_profile *user;
  /**
   * Members of a channel.
   */
  const kaiwa_member *const *members;
  /**
   * How many `members` there are.
   */
  size_t members_len;
  /**
   * The asset.
   */
  const kaiwa_asset *asset;
  /**
   * What the network can do.
   */
  const kaiwa_capabilities *capabilities;
  /**
   * Why.
   */
  const kaiwa_error *error;
  /**
   * Bytes that are through.
   */
  uint64_t sent;
  /**
   * Bytes in all.
   */
  uint64_t total;
  /**
   * When the next attempt begins, from now.
   */
  uint64_t retry_in_ms;
  /**
   * Until when: milliseconds since 1970-01-01 00:00 UTC, rounded down.
   */
  int64_t until_ms;
  /**
   * Nanoseconds beyond `until_ms`.
   */
  uint32_t until_ns;
  /**
   * How many at most.
   */
  uint32_t limit;
  /**
   * How somebody is.
   */
  kaiwa_presence presence;
  /**
   * Whether `retry_in_ms` applies; if not, it stays down.
   */
  bool has_retry_in;
  /**
   * Whether `until_ms` applies; if not, for ever.
   */
  bool has_until;
  /**
   * Whether nothing older (or, after a reconnect, nothing else missed) is left.
   */
  bool complete;
  /**
   * Put on, or taken off.
   */
  bool on;
  /**
   * Whether they type.
   */
  bool typing;
  /**
   * Whether the user of this account has asked.
   */
  bool own;
  /**
   * Whether they are a contact from now on.
   */
  bool accept;
  /**
   * Whether coming back is refused.
   */
  bool ban;
  /**
   * Whether anybody may find and join it.
   */
  bool is_public;
};

/**
 * Called for each event, within `kaiwa_client_pump` and on its thread. `event` and all that it shows are valid until this
 * returns; `kaiwa_event_retain` keeps it for longer. Everything may be called from here but the pump of the same client.
 * It must return: leaving it by `longjmp` or by a C++ exception is forbidden.
 */
typedef void (*kaiwa_event_handler)(void *userdata, const kaiwa_event *event);

/**
 * Called exactly once with the `userdata` that it was registered with: after the last use, and also when the registration
 * failed. On the thread that caused that, and never while the callback runs.
 */
typedef void (*kaiwa_destroy)(void *userdata);

/**
 * Called on a thread of the library's when events wait. It may only poke a loop of the caller's: calls into the library give
 * `KAIWA_ERR_REENTRANT`.
 */
typedef void (*kaiwa_wakeup_handler)(void *userdata);

/**
 * A filled field of a login form.
 *
 * Since 0.1.0.
 */
struct kaiwa_login_field {
  /**
   * The name of the field in the network's form.
   */
  kaiwa_str name;
  /**
   * What is put in.
   */
  kaiwa_str value;
};

/**
 * A text in JSON.
 *
 * Since 0.1.0.
 */
struct kaiwa_json {
  /**
   * The text.
   */
  kaiwa_str text;
};

/**
 * Somebody who is a contact of the user, or may become one.
 *
 * Since 0.1.0.
 */
struct kaiwa_contact {
  /**
   * Who.
   */
  kaiwa_str user_id;
  /**
   * How far the two are.
   */
  kaiwa_contact_kind kind;
  /**
   * How they are, if that was said.
   */
  kaiwa_presence presence;
  /**
   * What they say about it.
   */
  kaiwa_str presence_text;
};

/**
 * A value that the user keeps on the network.
 *
 * Since 0.1.0.
 */
struct kaiwa_value {
  /**
   * What it is called.
   */
  kaiwa_str key;
  /**
   * The value in JSON.
   */
  kaiwa_str json;
};

/**
 * What an account has come to.
 *
 * Since 0.1.0.
 */
struct kaiwa_state {
  /**
   * The network's name.
   */
  kaiwa_str protocol;
  /**
   * Whether it is up.
   */
  kaiwa_connection_status status;
  /**
   * The user's own id, once it was said.
   */
  kaiwa_str user_id;
  /**
   * The channel the user is in, on networks that know such a thing.
   */
  kaiwa_str current_channel_id;
  /**
   * Why the connection was lost, until it is up again; NULL if it was not.
   */
  const kaiwa_error *last_error;
  /**
   * Who is a contact of the user, or may become one.
   */
  const kaiwa_contact *const *contacts;
  /**
   * How many `contacts` there are.
   */
  size_t contacts_len;
  /**
   * What the user keeps on the network, outside of all channels.
   */
  const kaiwa_value *const *values;
  /**
   * How many `values` there are.
   */
  size_t values_len;
  /**
   * How many events found no room in the state.
   */
  uint64_t left_out;
};

/**
 * What an account knows of a channel.
 *
 * Since 0.1.0.
 */
struct kaiwa_channel_state {
  /**
   * The channel.
   */
  const kaiwa_channel *channel;
  /**
   * What it is about.
   */
  kaiwa_str topic;
  /**
   * The id of the channel around it; that one need not be known.
   */
  kaiwa_str parent_id;
  /**
   * How many members `kaiwa_account_members` gives.
   */
  size_t members_len;
  /**
   * How many messages `kaiwa_account_messages` gives.
   */
  size_t messages_len;
  /**
   * What the user keeps in it on the network.
   */
  const kaiwa_value *const *values;
  /**
   * How many `values` there are.
   */
  size_t values_len;
};

/**
 * A list of channels.
 *
 * Since 0.1.0.
 */
struct kaiwa_channel_list {
  /**
   * The channels, by id.
   */
  const kaiwa_channel_state *const *items;
  /**
   * How many there are.
   */
  size_t len;
};

/**
 * A list of members.
 *
 * Since 0.1.0.
 */
struct kaiwa_member_list {
  /**
   * The members, by id.
   */
  const kaiwa_member *const *items;
  /**
   * How many there are.
   */
  size_t len;
};

/**
 * A list of messages.
 *
 * Since 0.1.0.
 */
struct kaiwa_message_list {
  /**
   * The messages, oldest first.
   */
  const kaiwa_message *const *items;
  /**
   * How many there are.
   */
  size_t len;
};

/**
 * A list of assets.
 *
 * Since 0.1.0.
 */
struct kaiwa_asset_list {
  /**
   * The assets, by id.
   */
  const kaiwa_asset *const *items;
  /**
   * How many there are.
   */
  size_t len;
};

/**
 * Called with a line of the log, on any thread, also while a call of the caller's runs. `level` is a `kaiwa_log_level`, `target`
 * the part of the library that speaks; the strings are valid until this returns. Calls into the library give
 * `KAIWA_ERR_REENTRANT`.
 */
typedef void (*kaiwa_log_handler)(void *userdata, int32_t level, kaiwa_str target, kaiwa_str message);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The name of a status, for example `KAIWA_ERR_AUTH`; `{NULL, 0}` for a number that is none. Static.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API
kaiwa_str kaiwa_status_name(int32_t status);

/**
 * The last error on this thread: the status that the call gave, and a line of text with the reason. It stands until the next
 * call that fails on this thread; a call that succeeds leaves it as it is. Never NULL: before the first error it has
 * `KAIWA_OK` and an empty text.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API
const kaiwa_error *kaiwa_last_error(void);

/**
 * The string that ends at the first NUL of `text`; `{NULL, 0}` for NULL. Nothing is copied.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API kaiwa_str kaiwa_str_from_nul(const char *text);

/**
 * The version of the library as one number: major × 1,000,000 + minor × 1,000 + patch. `KAIWA_VERSION_NUMBER` is that of the
 * header; a program made with a newer header than the library it runs with must not touch what is newer.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API
uint32_t kaiwa_version_number(void);

/**
 * The version of the library in words, for example `0.1.0`. Static.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API kaiwa_str kaiwa_version(void);

/**
 * A number that changes only when callers must be compiled again; it is the SONAME's. Before 1.0 it may rise with any minor
 * version, and the changelog says so.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API
uint32_t kaiwa_abi_version(void);

/**
 * The networks in this library. Static, never NULL.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API const kaiwa_protocol_list *kaiwa_protocols(void);

/**
 * The network of that name. Static.
 *
 * Any thread. `KAIWA_ERR_NOT_FOUND`, naming those that there are. Since 0.1.0.
 */
KAIWA_API kaiwa_status kaiwa_protocol_find(kaiwa_str name, const kaiwa_protocol **protocol_out);

/**
 * Fills options with their defaults. `size` is `sizeof(kaiwa_client_options)`. NULL is left alone.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API kaiwa_status kaiwa_client_options_init(kaiwa_client_options *options, size_t size);

/**
 * Makes a client and starts its threads, in which all signals are blocked. `options` may be NULL for the defaults. Free it
 * with `kaiwa_client_free`.
 *
 * Any thread. `KAIWA_ERR_INVALID` for a size or number that makes no sense, `KAIWA_ERR_UNSUPPORTED` for an option of a newer
 * version, `KAIWA_ERR_STORAGE` if the system gives no thread. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_client_new(const kaiwa_client_options *options,
                              kaiwa_client **client_out);

/**
 * Frees a client: says goodbye on all connections, for which it waits a second at most, and ends its threads. After it returns
 * no callback runs again. Accounts of the client stay valid until they are freed and give `KAIWA_ERR_STATE`; retained events
 * stay as they are. NULL is allowed.
 *
 * From within the event handler of this client it is put off until the pump returns. While another thread pumps, it waits for
 * the handler to return. In a forked child it does nothing.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API
void kaiwa_client_free(kaiwa_client *client);

/**
 * Disconnects all accounts at once and waits until that is done, for `timeout_ms` at most (negative: without end). The events
 * of it can still be pumped; after the last the pump gives `KAIWA_ERR_STATE`. Nothing else can be done with the client but to
 * read and to free it.
 *
 * Any thread. `KAIWA_ERR_TIMED_OUT` if it takes longer; it goes on then. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_client_shutdown(kaiwa_client *client,
                                   int64_t timeout_ms);

/**
 * Says who is called for events, from the next one on; a NULL `handler` is nobody. Within the handler it takes effect after the
 * current event. Events wait until there is a handler and the pump runs.
 *
 * Any thread. `userdata` is passed to the handler; `destroy` (may be NULL) is called with it when it is no longer needed: when it
 * is replaced, when the client is freed, and also if this fails. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_client_set_event_handler(kaiwa_client *client,
                                            void *userdata,
                                            kaiwa_event_handler handler,
                                            kaiwa_destroy destroy);

/**
 * Runs the event handler for what has happened. Waits for the first event for `timeout_ms` at most (0: not at all, negative:
 * without end), then hands out what is there, at most `max_events` (0: all that waited when it began, so that a busy network
 * cannot hold the caller). `count_out` (may be NULL) gets the number of events, 0 after the time is over or an interrupt.
 *
 * Pump thread: any thread, one at a time. `KAIWA_ERR_REENTRANT` from the handler, `KAIWA_ERR_STATE` while another thread pumps,
 * without a handler, after the last event of a client that is shut down, and when the client was freed meanwhile.
 * Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_client_pump(kaiwa_client *client,
                               int64_t timeout_ms,
                               size_t max_events,
                               size_t *count_out);

/**
 * Ends a pump that waits, or the wait of the next one if none does.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API kaiwa_status kaiwa_client_interrupt(kaiwa_client *client);

/**
 * A descriptor that is readable exactly while events wait (or the end of them): pass it to `poll`, `select` or `epoll` and call
 * the pump when it is. It belongs to the client: do not read, write or close it. Interrupts do not make it readable.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on systems without such a thing. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_client_wakeup_fd(kaiwa_client *client,
                                    int32_t *fd_out);

/**
 * Says who is called when events begin to wait, and again after a pump that left some behind, at once if some wait already; a
 * NULL `handler` is nobody. It is called on a thread of the library's, may only poke a loop of the caller's, and must not call
 * the library.
 *
 * Any thread, but not while holding a lock that the handler takes. `userdata` and `destroy` as in
 * `kaiwa_client_set_event_handler`. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_client_set_wakeup_handler(kaiwa_client *client,
                                             void *userdata,
                                             kaiwa_wakeup_handler handler,
                                             kaiwa_destroy destroy);

/**
 * Says that the machine's network has changed: accounts that wait for their next attempt try at once.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_client_network_changed(kaiwa_client *client);

/**
 * Adds an account of a network to a client. `fields` (`fields_len` of them) fill its login form; what is left out has the
 * form's default. The account stays down until `kaiwa_account_connect`. Free it with `kaiwa_account_free`; strings are copied.
 *
 * Any thread. `KAIWA_ERR_NOT_FOUND` for an unknown network, `KAIWA_ERR_INVALID` for a field that the form does not have and for
 * a required one that is left out, `KAIWA_ERR_STATE` after a shutdown. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_new(kaiwa_client *client,
                               kaiwa_str protocol,
                               const kaiwa_login_field *fields,
                               size_t fields_len,
                               kaiwa_account **account_out);

/**
 * Like `kaiwa_account_new`, from an account in JSON (`Account` in events.schema.json). Its `autoconnect` is for the
 * application.
 *
 * Any thread. Statuses as in `kaiwa_account_new`. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_new_from_json(kaiwa_client *client,
                                         kaiwa_str json,
                                         kaiwa_account **account_out);

/**
 * Disconnects an account and removes it from its client; it does not wait for that. Events that wait, and those of the closing,
 * still come, with a NULL `account_userdata`. NULL is allowed; before or after its client, and from any callback of the pump. In
 * a forked child it does nothing.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API
void kaiwa_account_free(kaiwa_account *account);

/**
 * The number of an account, which its events carry; unique within the client and never 0. 0 for a handle that is none.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API
uint64_t kaiwa_account_id(const kaiwa_account *account);

/**
 * Hangs something of the caller's on an account; its events carry it as `account_userdata`. The library does not look at it.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_set_userdata(kaiwa_account *account,
                                        void *userdata);

/**
 * What `kaiwa_account_set_userdata` set; NULL before.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API void *kaiwa_account_userdata(const kaiwa_account *account);

/**
 * Fills the login form anew; it holds from the next attempt to connect. What is left out has the form's default.
 *
 * Any thread. `KAIWA_ERR_INVALID` as in `kaiwa_account_new`; then the form stays as it was. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_set_fields(kaiwa_account *account,
                                      const kaiwa_login_field *fields,
                                      size_t fields_len);

/**
 * Connects an account and keeps it connected from now on, with growing pauses between attempts; what comes of it are events
 * (`KAIWA_EVENT_STATUS_CONNECTING`, then `…_CONNECTED`, or `…_LOST` and `…_DISCONNECTED`). Wrong credentials and bans end it.
 *
 * Any thread. `KAIWA_ERR_STATE` after a shutdown. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_connect(kaiwa_account *account);

/**
 * Disconnects an account and lets it stay down; it does not wait for that. What is open has failed before
 * `KAIWA_EVENT_STATUS_DISCONNECTED` comes.
 *
 * Any thread. `KAIWA_ERR_STATE` after a shutdown. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_disconnect(kaiwa_account *account);

/**
 * Whether an account can send events of a kind (a `kaiwa_event_kind`), as far as is known now.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API bool kaiwa_account_can_send(const kaiwa_account *account, int32_t kind);

/**
 * Says a text in a channel (`{NULL, 0}`: the current one). Its local echo comes at once as `KAIWA_EVENT_CHAT_NEW`; while the
 * account is connecting or between attempts it waits. It is never a command.
 *
 * Any thread. `KAIWA_ERR_TOO_LONG`, `KAIWA_ERR_STATE` if the account is not wanted up, `KAIWA_ERR_FULL`. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_send_text(kaiwa_account *account,
                                     kaiwa_str channel_id,
                                     kaiwa_str text,
                                     uint64_t *request_out);

/**
 * Says what is in a draft, which stays as it is and may be sent again.
 *
 * Any thread. Statuses as in `kaiwa_account_send_text`; `KAIWA_ERR_INVALID` also for a style or link that was begun and not
 * ended. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_send_draft(kaiwa_account *account,
                                      kaiwa_str channel_id,
                                      const kaiwa_draft *draft,
                                      uint64_t *request_out);

/**
 * Replaces the content of an own message by what is in a draft.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_edit_message(kaiwa_account *account,
                                        kaiwa_str channel_id,
                                        kaiwa_str message_id,
                                        const kaiwa_draft *draft,
                                        uint64_t *request_out);

/**
 * Deletes a message; one that still waits here is taken back.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_remove_message(kaiwa_account *account,
                                          kaiwa_str channel_id,
                                          kaiwa_str message_id,
                                          uint64_t *request_out);

/**
 * Puts an emoji on a message, or takes it off.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_react(kaiwa_account *account,
                                 kaiwa_str channel_id,
                                 kaiwa_str message_id,
                                 kaiwa_str emoji,
                                 bool on,
                                 uint64_t *request_out);

/**
 * Marks a channel as read up to a message.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_mark_read(kaiwa_account *account,
                                     kaiwa_str channel_id,
                                     kaiwa_str message_id,
                                     uint64_t *request_out);

/**
 * Tells that the user types, or no longer does.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_set_typing(kaiwa_account *account,
                                      kaiwa_str channel_id,
                                      bool typing,
                                      uint64_t *request_out);

/**
 * Asks for at most `limit` messages from before a message (`{NULL, 0}`: the newest). They come as
 * `KAIWA_EVENT_CHAT_HISTORY`.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it, `KAIWA_ERR_INVALID` for a limit of 0. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_request_history(kaiwa_account *account,
                                           kaiwa_str channel_id,
                                           kaiwa_str before_message_id,
                                           uint32_t limit,
                                           uint64_t *request_out);

/**
 * Joins a channel. `key` is a password or the code of an invitation, `{NULL, 0}` for a channel that is open.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_join_channel(kaiwa_account *account,
                                        kaiwa_str channel_id,
                                        kaiwa_str key,
                                        uint64_t *request_out);

/**
 * Leaves a channel.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_leave_channel(kaiwa_account *account,
                                         kaiwa_str channel_id,
                                         uint64_t *request_out);

/**
 * Makes a channel the current one.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_switch_channel(kaiwa_account *account,
                                          kaiwa_str channel_id,
                                          uint64_t *request_out);

/**
 * Creates a channel of a type (a `kaiwa_channel_type`), in another one (`parent_id`) or by itself (`{NULL, 0}`); `is_public`
 * says whether anybody may find and join it. On networks that only know channels by themselves it is created under its name.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it, `KAIWA_ERR_INVALID` for an unknown type. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_create_channel(kaiwa_account *account,
                                          kaiwa_str name,
                                          int32_t channel_type,
                                          kaiwa_str parent_id,
                                          bool is_public,
                                          uint64_t *request_out);

/**
 * Removes somebody from a channel (`{NULL, 0}`: from the network).
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_remove_member(kaiwa_account *account,
                                         kaiwa_str channel_id,
                                         kaiwa_str user_id,
                                         uint64_t *request_out);

/**
 * Keeps somebody out of a channel (`{NULL, 0}`: of the network) until a moment: milliseconds since 1970-01-01 00:00 UTC, 0 for
 * ever. `reason` may be `{NULL, 0}`.
 *
 * Any thread. `KAIWA_ERR_UNSUPPORTED` on networks without it. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_ban_member(kaiwa_account *account,
                                      kaiwa_str channel_id,
                                      kaiwa_str user_id,
                                      int64_t until_ms,
                                      kaiwa_str reason,
                                      uint64_t *request_out);

/**
 * Sends any event in JSON (`ConnectionEvent` in events.schema.json): what has no function of its own goes this way.
 *
 * Any thread. `KAIWA_ERR_INVALID` for what is no event or makes no sense, `KAIWA_ERR_UNSUPPORTED` for what the network does not
 * take and for events of a newer version. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_send_json(kaiwa_account *account,
                                     kaiwa_str json,
                                     uint64_t *request_out);

/**
 * Makes an empty draft. Free it with `kaiwa_draft_free`.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API kaiwa_status kaiwa_draft_new(kaiwa_draft **draft_out);

/**
 * Frees a draft; what was sent of it goes its way. NULL is allowed.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API void kaiwa_draft_free(kaiwa_draft *draft);

/**
 * Empties a draft.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API kaiwa_status kaiwa_draft_clear(kaiwa_draft *draft);

/**
 * Adds plain text.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API kaiwa_status kaiwa_draft_text(kaiwa_draft *draft, kaiwa_str text);

/**
 * Adds a link that shows itself.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API kaiwa_status kaiwa_draft_url(kaiwa_draft *draft, kaiwa_str url);

/**
 * Adds an asset by its id: an emote, a sticker, a sound; as the first fragment a command, whose arguments follow as text.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_draft_asset(kaiwa_draft *draft,
                               kaiwa_str asset_id);

/**
 * Adds a file of this machine that goes along. `name` is what it is to be called (`{NULL, 0}`: as here), `mime` its MIME type
 * (`{NULL, 0}`: found by the library).
 *
 * Any thread. `KAIWA_ERR_INVALID` for a path with a NUL inside. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_draft_upload(kaiwa_draft *draft,
                                kaiwa_str path,
                                kaiwa_str name,
                                kaiwa_str mime);

/**
 * Adds a mention of somebody, who is shown as `text`.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API kaiwa_status kaiwa_draft_mention(kaiwa_draft *draft, kaiwa_str user_id, kaiwa_str text);

/**
 * Says that the message answers another one; the last one said holds.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API kaiwa_status kaiwa_draft_reply(kaiwa_draft *draft, kaiwa_str message_id);

/**
 * Begins a style (a `kaiwa_style`): what is added until `kaiwa_draft_end` has it. `rgba` is the colour of the styles that are
 * colours, 0xRRGGBBAA. Styles and links lie at most 32 deep in each other.
 *
 * Any thread. `KAIWA_ERR_INVALID` for an unknown style, or too many. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_draft_begin_style(kaiwa_draft *draft,
                                     int32_t style,
                                     uint32_t rgba);

/**
 * Begins a link to `url`: what is added until `kaiwa_draft_end` is what it shows.
 *
 * Any thread. `KAIWA_ERR_INVALID` for too many styles and links in each other. Since 0.1.0.
 */
KAIWA_API kaiwa_status kaiwa_draft_begin_link(kaiwa_draft *draft, kaiwa_str url);

/**
 * Ends the style or link begun last.
 *
 * Any thread. `KAIWA_ERR_STATE` if none is open. Since 0.1.0.
 */
KAIWA_API kaiwa_status kaiwa_draft_end(kaiwa_draft *draft);

/**
 * Adds any fragment in JSON (`MessageFragment` in events.schema.json): what has no function of its own goes this way.
 *
 * Any thread. `KAIWA_ERR_INVALID` for what is no fragment. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_draft_json(kaiwa_draft *draft,
                              kaiwa_str json);

/**
 * Keeps an event beyond its handler, until `kaiwa_event_release`. It returns `event`, for convenience; NULL is allowed.
 *
 * Any thread; the event may then be read on any thread. Since 0.1.0.
 */
KAIWA_API
const kaiwa_event *kaiwa_event_retain(const kaiwa_event *event);

/**
 * Lets go of an event that was retained or made from JSON; once for each. NULL is allowed.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API void kaiwa_event_release(const kaiwa_event *event);

/**
 * The JSON of an event (`ConnectionEvent` in events.schema.json), made when it is asked for. Free it with
 * `kaiwa_json_free`. Secrets in it are not hidden.
 *
 * Any thread. `KAIWA_ERR_INVALID` for NULL. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_event_json(const kaiwa_event *event,
                              kaiwa_json **json_out);

/**
 * An event from its JSON, as `kaiwa_event_json` gives it, with the account, number and request 0: for what was recorded, and for
 * tests of applications. Let go of it with `kaiwa_event_release`.
 *
 * Any thread. `KAIWA_ERR_INVALID` for what is no event, `KAIWA_ERR_UNSUPPORTED` for one of a newer version. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_event_from_json(kaiwa_str json,
                                   const kaiwa_event **event_out);

/**
 * Frees JSON. NULL is allowed.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API void kaiwa_json_free(kaiwa_json *json);

/**
 * The name of a kind of event, for example `KAIWA_EVENT_CHAT_NEW`; `{NULL, 0}` for a number that is none. Static.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API
kaiwa_str kaiwa_event_kind_name(int32_t kind);

/**
 * What an account has come to. Every event that the handler has seen is in it. Free it with `kaiwa_state_free`.
 *
 * Any thread. `KAIWA_ERR_NOT_FOUND` if no state is kept (`no_state`). Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_state(const kaiwa_account *account,
                                 kaiwa_state **state_out);

/**
 * Frees a state. NULL is allowed.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API void kaiwa_state_free(kaiwa_state *state);

/**
 * What an account's network can do, as far as is known now. Free it with `kaiwa_capabilities_free`.
 *
 * Any thread. `KAIWA_ERR_STATE` after a shutdown. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_capabilities(const kaiwa_account *account,
                                        kaiwa_capabilities **capabilities_out);

/**
 * Frees capabilities. NULL is allowed.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API void kaiwa_capabilities_free(kaiwa_capabilities *capabilities);

/**
 * The channels that an account knows. Free the list with `kaiwa_channel_list_free`.
 *
 * Any thread. `KAIWA_ERR_NOT_FOUND` as in `kaiwa_account_state`. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_channels(const kaiwa_account *account,
                                    kaiwa_channel_list **list_out);

/**
 * Frees a list of channels. NULL is allowed.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API void kaiwa_channel_list_free(kaiwa_channel_list *list);

/**
 * Who is in a channel; with `{NULL, 0}` who is known on the network as a whole. Free the list with
 * `kaiwa_member_list_free`.
 *
 * Any thread. `KAIWA_ERR_NOT_FOUND` for an unknown channel, and as in `kaiwa_account_state`. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_members(const kaiwa_account *account,
                                   kaiwa_str channel_id,
                                   kaiwa_member_list **list_out);

/**
 * Frees a list of members. NULL is allowed.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API void kaiwa_member_list_free(kaiwa_member_list *list);

/**
 * The newest messages that are kept of a channel, at most `max` (0: all), oldest first. Older ones are asked of the network with
 * `kaiwa_account_request_history`. Free the list with `kaiwa_message_list_free`.
 *
 * Any thread. `KAIWA_ERR_NOT_FOUND` for an unknown channel, and as in `kaiwa_account_state`. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_messages(const kaiwa_account *account,
                                    kaiwa_str channel_id,
                                    size_t max,
                                    kaiwa_message_list **list_out);

/**
 * Frees a list of messages. NULL is allowed.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API void kaiwa_message_list_free(kaiwa_message_list *list);

/**
 * The assets that may be used in a channel only; with `{NULL, 0}` those that may be used everywhere. Free the list with
 * `kaiwa_asset_list_free`.
 *
 * Any thread. `KAIWA_ERR_NOT_FOUND` for an unknown channel, and as in `kaiwa_account_state`. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_account_assets(const kaiwa_account *account,
                                  kaiwa_str channel_id,
                                  kaiwa_asset_list **list_out);

/**
 * Frees a list of assets. NULL is allowed.
 *
 * Any thread. Since 0.1.0.
 */
KAIWA_API void kaiwa_asset_list_free(kaiwa_asset_list *list);

/**
 * Says who is called for lines of the log up to `max_level` (a `kaiwa_log_level`); a NULL `handler` is nobody. There is one for
 * the whole process. Passwords and tokens are never in it; the text of messages may be, at trace.
 *
 * Any thread, but not while holding a lock that the handler takes. The handler is called on any thread, also within calls of the
 * caller's. `userdata` and `destroy` as in `kaiwa_client_set_event_handler`. `KAIWA_ERR_INVALID` for an unknown level,
 * `KAIWA_ERR_STATE` in a Rust program that has a log of its own. Since 0.1.0.
 */
KAIWA_API
kaiwa_status kaiwa_set_log_handler(int32_t max_level,
                                   void *userdata,
                                   kaiwa_log_handler handler,
                                   kaiwa_destroy destroy);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* KAIWA_H */
