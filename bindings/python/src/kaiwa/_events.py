"""Events out of the C library's flat view.

Made by generate.py from docs/events.schema.json and include/kaiwa.h; do not edit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import types as t
from . import _views as v
from ._native import lib


def chat_new(e: Any) -> t.Event:
    return t.ChatNew(message=v.message(e.message), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def chat_update(e: Any) -> t.Event:
    return t.ChatUpdate(message_id=v.text(e.message_id), new_message=v.message(e.message), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def chat_remove(e: Any) -> t.Event:
    return t.ChatRemove(message_id=v.text(e.message_id), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def chat_history(e: Any) -> t.Event:
    return t.ChatHistory(channel_id=v.text(e.channel_id), messages=v.many(v.message, e.messages, e.messages_len), complete=e.complete, account=e.account, seq=e.seq, request=e.request)


def chat_gap(e: Any) -> t.Event:
    return t.ChatGap(channel_id=v.text(e.channel_id), after=v.optional(e.after), before=v.optional(e.before), account=e.account, seq=e.seq, request=e.request)


def chat_request_history(e: Any) -> t.Event:
    return t.ChatRequestHistory(limit=e.limit, before=v.optional(e.before), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def chat_read(e: Any) -> t.Event:
    return t.ChatRead(message_id=v.text(e.message_id), channel_id=v.optional(e.channel_id), user_id=v.optional(e.user_id), account=e.account, seq=e.seq, request=e.request)


def chat_typing(e: Any) -> t.Event:
    return t.ChatTyping(typing=e.typing, channel_id=v.optional(e.channel_id), user_id=v.optional(e.user_id), account=e.account, seq=e.seq, request=e.request)


def chat_react(e: Any) -> t.Event:
    return t.ChatReact(message_id=v.text(e.message_id), emoji=v.text(e.emoji), on=e.on, channel_id=v.optional(e.channel_id), user_id=v.optional(e.user_id), account=e.account, seq=e.seq, request=e.request)


def chat_progress(e: Any) -> t.Event:
    return t.ChatProgress(message_id=v.text(e.message_id), sent=e.sent, total=e.total, channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def channel_new(e: Any) -> t.Event:
    return t.ChannelNew(channel=v.channel(e.channel), account=e.account, seq=e.seq, request=e.request)


def channel_update(e: Any) -> t.Event:
    return t.ChannelUpdate(channel_id=v.text(e.channel_id), new_channel=v.channel(e.channel), account=e.account, seq=e.seq, request=e.request)


def channel_remove(e: Any) -> t.Event:
    return t.ChannelRemove(channel_id=v.text(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def channel_join(e: Any) -> t.Event:
    return t.ChannelJoin(channel_id=v.text(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def channel_leave(e: Any) -> t.Event:
    return t.ChannelLeave(channel_id=v.text(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def channel_switch(e: Any) -> t.Event:
    return t.ChannelSwitch(channel_id=v.text(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def channel_kick(e: Any) -> t.Event:
    return t.ChannelKick(ban=e.ban, channel_id=v.optional(e.channel_id), reason=v.optional(e.reason), account=e.account, seq=e.seq, request=e.request)


def channel_wipe(e: Any) -> t.Event:
    return t.ChannelWipe(channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def channel_clear_list(e: Any) -> t.Event:
    return t.ChannelClearList(account=e.account, seq=e.seq, request=e.request)


def channel_topic(e: Any) -> t.Event:
    return t.ChannelTopic(channel_id=v.text(e.channel_id), topic=v.optional(e.topic), account=e.account, seq=e.seq, request=e.request)


def channel_parent(e: Any) -> t.Event:
    return t.ChannelParent(channel_id=v.text(e.channel_id), parent_id=v.optional(e.parent_id), account=e.account, seq=e.seq, request=e.request)


def channel_members(e: Any) -> t.Event:
    return t.ChannelMembers(channel_id=v.text(e.channel_id), members=v.many(v.member, e.members, e.members_len), account=e.account, seq=e.seq, request=e.request)


def channel_create(e: Any) -> t.Event:
    return t.ChannelCreate(channel=v.channel(e.channel), public=e.is_public, parent_id=v.optional(e.parent_id), account=e.account, seq=e.seq, request=e.request)


def channel_join_with(e: Any) -> t.Event:
    return t.ChannelJoinWith(channel_id=v.text(e.channel_id), key=v.text(e.key), account=e.account, seq=e.seq, request=e.request)


def channel_invite(e: Any) -> t.Event:
    return t.ChannelInvite(channel_id=v.text(e.channel_id), code=v.optional(e.code), user_id=v.optional(e.user_id), account=e.account, seq=e.seq, request=e.request)


def channel_directory(e: Any) -> t.Event:
    return t.ChannelDirectory(channels=v.many(v.channel, e.channels, e.channels_len), query=v.optional(e.query), account=e.account, seq=e.seq, request=e.request)


def user_new(e: Any) -> t.Event:
    return t.UserNew(user=v.profile(e.user), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def user_update(e: Any) -> t.Event:
    return t.UserUpdate(user_id=v.text(e.user_id), new_user=v.profile(e.user), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def user_remove(e: Any) -> t.Event:
    return t.UserRemove(user_id=v.text(e.user_id), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def user_clear_list(e: Any) -> t.Event:
    return t.UserClearList(channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def user_identify(e: Any) -> t.Event:
    return t.UserIdentify(user_id=v.text(e.user_id), account=e.account, seq=e.seq, request=e.request)


def user_presence(e: Any) -> t.Event:
    return t.UserPresence(presence=v.presence(e.presence), text=v.optional(e.text), user_id=v.optional(e.user_id), account=e.account, seq=e.seq, request=e.request)


def user_request(e: Any) -> t.Event:
    return t.UserRequest(user_id=v.text(e.user_id), own=e.own, text=v.optional(e.text), account=e.account, seq=e.seq, request=e.request)


def user_respond(e: Any) -> t.Event:
    return t.UserRespond(user_id=v.text(e.user_id), accept=e.accept, account=e.account, seq=e.seq, request=e.request)


def user_data(e: Any) -> t.Event:
    return t.UserData(key=v.text(e.key), channel_id=v.optional(e.channel_id), value=v.value(e.value_json), account=e.account, seq=e.seq, request=e.request)


def user_request_data(e: Any) -> t.Event:
    return t.UserRequestData(key=v.text(e.key), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def user_ban(e: Any) -> t.Event:
    return t.UserBan(user_id=v.text(e.user_id), channel_id=v.optional(e.channel_id), reason=v.optional(e.reason), until=v.time(e.until_ms, e.until_ns) if e.has_until else None, account=e.account, seq=e.seq, request=e.request)


def status_ping(e: Any) -> t.Event:
    return t.StatusPing(artifact=v.optional(e.artifact), account=e.account, seq=e.seq, request=e.request)


def status_connected(e: Any) -> t.Event:
    return t.StatusConnected(artifact=v.optional(e.artifact), account=e.account, seq=e.seq, request=e.request)


def status_disconnected(e: Any) -> t.Event:
    return t.StatusDisconnected(artifact=v.optional(e.artifact), account=e.account, seq=e.seq, request=e.request)


def status_connecting(e: Any) -> t.Event:
    return t.StatusConnecting(account=e.account, seq=e.seq, request=e.request)


def status_lost(e: Any) -> t.Event:
    return t.StatusLost(error=v.error_info(e.error), retry_in_ms=e.retry_in_ms if e.has_retry_in else None, account=e.account, seq=e.seq, request=e.request)


def status_done(e: Any) -> t.Event:
    return t.StatusDone(account=e.account, seq=e.seq, request=e.request)


def status_failed(e: Any) -> t.Event:
    return t.StatusFailed(error=v.error_info(e.error), account=e.account, seq=e.seq, request=e.request)


def status_overrun(e: Any) -> t.Event:
    return t.StatusOverrun(account=e.account, seq=e.seq, request=e.request)


def status_capabilities(e: Any) -> t.Event:
    return t.StatusCapabilities(capabilities=v.capabilities(e.capabilities), account=e.account, seq=e.seq, request=e.request)


def asset_new(e: Any) -> t.Event:
    return t.AssetNew(asset=v.asset(e.asset), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def asset_update(e: Any) -> t.Event:
    return t.AssetUpdate(asset_id=v.text(e.asset_id), new_asset=v.asset(e.asset), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def asset_remove(e: Any) -> t.Event:
    return t.AssetRemove(asset_id=v.text(e.asset_id), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def asset_clear_list(e: Any) -> t.Event:
    return t.AssetClearList(channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


def asset_unavailable(e: Any) -> t.Event:
    return t.AssetUnavailable(error=v.error_info(e.error), channel_id=v.optional(e.channel_id), account=e.account, seq=e.seq, request=e.request)


BY_NUMBER: dict[int, Callable[[Any], t.Event]] = {
    lib.KAIWA_EVENT_CHAT_NEW: chat_new,
    lib.KAIWA_EVENT_CHAT_UPDATE: chat_update,
    lib.KAIWA_EVENT_CHAT_REMOVE: chat_remove,
    lib.KAIWA_EVENT_CHAT_HISTORY: chat_history,
    lib.KAIWA_EVENT_CHAT_GAP: chat_gap,
    lib.KAIWA_EVENT_CHAT_REQUEST_HISTORY: chat_request_history,
    lib.KAIWA_EVENT_CHAT_READ: chat_read,
    lib.KAIWA_EVENT_CHAT_TYPING: chat_typing,
    lib.KAIWA_EVENT_CHAT_REACT: chat_react,
    lib.KAIWA_EVENT_CHAT_PROGRESS: chat_progress,
    lib.KAIWA_EVENT_CHANNEL_NEW: channel_new,
    lib.KAIWA_EVENT_CHANNEL_UPDATE: channel_update,
    lib.KAIWA_EVENT_CHANNEL_REMOVE: channel_remove,
    lib.KAIWA_EVENT_CHANNEL_JOIN: channel_join,
    lib.KAIWA_EVENT_CHANNEL_LEAVE: channel_leave,
    lib.KAIWA_EVENT_CHANNEL_SWITCH: channel_switch,
    lib.KAIWA_EVENT_CHANNEL_KICK: channel_kick,
    lib.KAIWA_EVENT_CHANNEL_WIPE: channel_wipe,
    lib.KAIWA_EVENT_CHANNEL_CLEAR_LIST: channel_clear_list,
    lib.KAIWA_EVENT_CHANNEL_TOPIC: channel_topic,
    lib.KAIWA_EVENT_CHANNEL_PARENT: channel_parent,
    lib.KAIWA_EVENT_CHANNEL_MEMBERS: channel_members,
    lib.KAIWA_EVENT_CHANNEL_CREATE: channel_create,
    lib.KAIWA_EVENT_CHANNEL_JOIN_WITH: channel_join_with,
    lib.KAIWA_EVENT_CHANNEL_INVITE: channel_invite,
    lib.KAIWA_EVENT_CHANNEL_DIRECTORY: channel_directory,
    lib.KAIWA_EVENT_USER_NEW: user_new,
    lib.KAIWA_EVENT_USER_UPDATE: user_update,
    lib.KAIWA_EVENT_USER_REMOVE: user_remove,
    lib.KAIWA_EVENT_USER_CLEAR_LIST: user_clear_list,
    lib.KAIWA_EVENT_USER_IDENTIFY: user_identify,
    lib.KAIWA_EVENT_USER_PRESENCE: user_presence,
    lib.KAIWA_EVENT_USER_REQUEST: user_request,
    lib.KAIWA_EVENT_USER_RESPOND: user_respond,
    lib.KAIWA_EVENT_USER_DATA: user_data,
    lib.KAIWA_EVENT_USER_REQUEST_DATA: user_request_data,
    lib.KAIWA_EVENT_USER_BAN: user_ban,
    lib.KAIWA_EVENT_STATUS_PING: status_ping,
    lib.KAIWA_EVENT_STATUS_CONNECTED: status_connected,
    lib.KAIWA_EVENT_STATUS_DISCONNECTED: status_disconnected,
    lib.KAIWA_EVENT_STATUS_CONNECTING: status_connecting,
    lib.KAIWA_EVENT_STATUS_LOST: status_lost,
    lib.KAIWA_EVENT_STATUS_DONE: status_done,
    lib.KAIWA_EVENT_STATUS_FAILED: status_failed,
    lib.KAIWA_EVENT_STATUS_OVERRUN: status_overrun,
    lib.KAIWA_EVENT_STATUS_CAPABILITIES: status_capabilities,
    lib.KAIWA_EVENT_ASSET_NEW: asset_new,
    lib.KAIWA_EVENT_ASSET_UPDATE: asset_update,
    lib.KAIWA_EVENT_ASSET_REMOVE: asset_remove,
    lib.KAIWA_EVENT_ASSET_CLEAR_LIST: asset_clear_list,
    lib.KAIWA_EVENT_ASSET_UNAVAILABLE: asset_unavailable,
}
