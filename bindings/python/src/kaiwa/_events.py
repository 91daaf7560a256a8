"""Events and what they are made of, out of the C library's structs, each by its address.

Made by generate.py from docs/events.schema.json and include/kaiwa.h; do not edit.
"""

from __future__ import annotations

from collections.abc import Callable

from . import _views as v
from . import types as t
from ._native import lib

memory = v.memory


PROFILE = v.mould(t.Profile)
PROFILE_IN = v.layout("kaiwa_profile", "id", "username", "display_name", "picture", "has_color", "color")


def profile_at(at: int) -> t.Profile:
    id, id_size, username, username_size, display_name, display_name_size, picture, picture_size, has_color, color = PROFILE_IN(memory, at)
    new = PROFILE()
    new.color = tuple(color) if has_color else None
    new.display_name = memory[display_name : display_name + display_name_size].decode() if display_name else None
    new.id = memory[id : id + id_size].decode() if id else None
    new.picture = memory[picture : picture + picture_size].decode() if picture else None
    new.username = memory[username : username + username_size].decode() if username else None
    new.__class__ = t.Profile
    return new


CHANNEL = v.mould(t.Channel)
CHANNEL_IN = v.layout("kaiwa_channel", "id", "name", "channel_type")


def channel_at(at: int) -> t.Channel:
    id, id_size, name, name_size, channel_type = CHANNEL_IN(memory, at)
    new = CHANNEL()
    new.id = memory[id : id + id_size].decode()
    new.channel_type = v.CHANNEL_TYPE[channel_type]
    new.name = memory[name : name + name_size].decode() if name else None
    new.__class__ = t.Channel
    return new


MEMBER = v.mould(t.Member)
MEMBER_IN = v.layout("kaiwa_member", "user_id", "role")


def member_at(at: int) -> t.Member:
    user_id, user_id_size, role = MEMBER_IN(memory, at)
    new = MEMBER()
    new.user_id = memory[user_id : user_id + user_id_size].decode()
    new.role = v.ROLE[role]
    new.__class__ = t.Member
    return new


ERROR_INFO = v.mould(t.ErrorInfo)
ERROR_INFO_IN = v.layout("kaiwa_error", "status", "message", "has_retry_after", "retry_after_ms")


def error_info_at(at: int) -> t.ErrorInfo:
    status, message, message_size, has_retry_after, retry_after_ms = ERROR_INFO_IN(memory, at)
    new = ERROR_INFO()
    new.kind = v.ERROR_KIND[status]
    new.message = memory[message : message + message_size].decode()
    new.retry_after_ms = retry_after_ms if has_retry_after else None
    new.__class__ = t.ErrorInfo
    return new


CAPABILITIES = v.mould(t.Capabilities)
CAPABILITIES_IN = v.layout("kaiwa_capabilities", "sends", "sends_len", "has_max_text", "max_text_bytes", "has_max_file", "max_file_bytes", "confirmation")


def capabilities_at(at: int) -> t.Capabilities:
    sends, sends_len, has_max_text, max_text_bytes, has_max_file, max_file_bytes, confirmation = CAPABILITIES_IN(memory, at)
    new = CAPABILITIES()
    new.confirmation = v.CONFIRMATION[confirmation]
    new.sends = v.event_kinds(sends, sends_len)
    new.max_file_bytes = max_file_bytes if has_max_file else None
    new.max_text_bytes = max_text_bytes if has_max_text else None
    new.__class__ = t.Capabilities
    return new


MESSAGE = v.mould(t.Message)
MESSAGE_IN = v.layout("kaiwa_message", "id", "sender_id", "content", "content_len", "timestamp_ms", "timestamp_ns", "message_type", "status")


def message_at(at: int) -> t.Message:
    id, id_size, sender_id, sender_id_size, content, content_len, timestamp_ms, timestamp_ns, message_type, status = MESSAGE_IN(memory, at)
    new = MESSAGE()
    new.content = v.many(fragment_at, content, content_len)
    new.timestamp = v.time(timestamp_ms, timestamp_ns)
    new.message_type = v.MESSAGE_TYPE[message_type]
    new.status = v.MESSAGE_STATUS[status]
    new.id = memory[id : id + id_size].decode() if id else None
    new.sender_id = memory[sender_id : sender_id + sender_id_size].decode() if sender_id else None
    new.__class__ = t.Message
    return new


TEXT = v.mould(t.Text)
TEXT_IN = v.layout("kaiwa_fragment", "text")


def text_at(at: int) -> t.Text:
    text, text_size = TEXT_IN(memory, at)
    new = TEXT()
    new.text = memory[text : text + text_size].decode()
    new.__class__ = t.Text
    return new


IMAGE = v.mould(t.Image)
IMAGE_IN = v.layout("kaiwa_fragment", "url", "mime")


def image_at(at: int) -> t.Image:
    url, url_size, mime, mime_size = IMAGE_IN(memory, at)
    new = IMAGE()
    new.url = memory[url : url + url_size].decode()
    new.mime = memory[mime : mime + mime_size].decode()
    new.__class__ = t.Image
    return new


VIDEO = v.mould(t.Video)
VIDEO_IN = v.layout("kaiwa_fragment", "url", "mime")


def video_at(at: int) -> t.Video:
    url, url_size, mime, mime_size = VIDEO_IN(memory, at)
    new = VIDEO()
    new.url = memory[url : url + url_size].decode()
    new.mime = memory[mime : mime + mime_size].decode()
    new.__class__ = t.Video
    return new


AUDIO = v.mould(t.Audio)
AUDIO_IN = v.layout("kaiwa_fragment", "url", "mime")


def audio_at(at: int) -> t.Audio:
    url, url_size, mime, mime_size = AUDIO_IN(memory, at)
    new = AUDIO()
    new.url = memory[url : url + url_size].decode()
    new.mime = memory[mime : mime + mime_size].decode()
    new.__class__ = t.Audio
    return new


URL = v.mould(t.Url)
URL_IN = v.layout("kaiwa_fragment", "url")


def url_at(at: int) -> t.Url:
    url, url_size = URL_IN(memory, at)
    new = URL()
    new.url = memory[url : url + url_size].decode()
    new.__class__ = t.Url
    return new


ASSET_ID = v.mould(t.AssetId)
ASSET_ID_IN = v.layout("kaiwa_fragment", "asset_id")


def asset_id_at(at: int) -> t.AssetId:
    asset_id, asset_id_size = ASSET_ID_IN(memory, at)
    new = ASSET_ID()
    new.asset_id = memory[asset_id : asset_id + asset_id_size].decode()
    new.__class__ = t.AssetId
    return new


FILE = v.mould(t.File)
FILE_IN = v.layout("kaiwa_fragment", "url", "mime", "name", "has_size", "size")


def file_at(at: int) -> t.File:
    url, url_size, mime, mime_size, name, name_size, has_size, size = FILE_IN(memory, at)
    new = FILE()
    new.url = memory[url : url + url_size].decode()
    new.name = memory[name : name + name_size].decode()
    new.mime = memory[mime : mime + mime_size].decode()
    new.size = size if has_size else None
    new.__class__ = t.File
    return new


UPLOAD = v.mould(t.Upload)
UPLOAD_IN = v.layout("kaiwa_fragment", "mime", "name", "path")


def upload_at(at: int) -> t.Upload:
    mime, mime_size, name, name_size, path, path_size = UPLOAD_IN(memory, at)
    new = UPLOAD()
    new.path = memory[path : path + path_size].decode()
    new.mime = memory[mime : mime + mime_size].decode() if mime else None
    new.name = memory[name : name + name_size].decode() if name else None
    new.__class__ = t.Upload
    return new


STYLED = v.mould(t.Styled)
STYLED_IN = v.layout("kaiwa_fragment", "style", "color", "content", "content_len")


def styled_at(at: int) -> t.Styled:
    style, color, content, content_len = STYLED_IN(memory, at)
    new = STYLED()
    new.style = v.style(style, color)
    new.content = v.many(fragment_at, content, content_len)
    new.__class__ = t.Styled
    return new


LINK = v.mould(t.Link)
LINK_IN = v.layout("kaiwa_fragment", "url", "content", "content_len")


def link_at(at: int) -> t.Link:
    url, url_size, content, content_len = LINK_IN(memory, at)
    new = LINK()
    new.url = memory[url : url + url_size].decode()
    new.content = v.many(fragment_at, content, content_len)
    new.__class__ = t.Link
    return new


MENTION = v.mould(t.Mention)
MENTION_IN = v.layout("kaiwa_fragment", "text", "user_id")


def mention_at(at: int) -> t.Mention:
    text, text_size, user_id, user_id_size = MENTION_IN(memory, at)
    new = MENTION()
    new.user_id = memory[user_id : user_id + user_id_size].decode()
    new.text = memory[text : text + text_size].decode()
    new.__class__ = t.Mention
    return new


CHANNEL_LINK = v.mould(t.ChannelLink)
CHANNEL_LINK_IN = v.layout("kaiwa_fragment", "text", "channel_id")


def channel_link_at(at: int) -> t.ChannelLink:
    text, text_size, channel_id, channel_id_size = CHANNEL_LINK_IN(memory, at)
    new = CHANNEL_LINK()
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.text = memory[text : text + text_size].decode()
    new.__class__ = t.ChannelLink
    return new


MESSAGE_LINK = v.mould(t.MessageLink)
MESSAGE_LINK_IN = v.layout("kaiwa_fragment", "channel_id", "message_id")


def message_link_at(at: int) -> t.MessageLink:
    channel_id, channel_id_size, message_id, message_id_size = MESSAGE_LINK_IN(memory, at)
    new = MESSAGE_LINK()
    new.message_id = memory[message_id : message_id + message_id_size].decode()
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.MessageLink
    return new


REPLY = v.mould(t.Reply)
REPLY_IN = v.layout("kaiwa_fragment", "message_id")


def reply_at(at: int) -> t.Reply:
    message_id, message_id_size = REPLY_IN(memory, at)
    new = REPLY()
    new.message_id = memory[message_id : message_id + message_id_size].decode()
    new.__class__ = t.Reply
    return new


EDITED_AT = v.mould(t.EditedAt)
EDITED_AT_IN = v.layout("kaiwa_fragment", "time_ms", "time_ns")


def edited_at_at(at: int) -> t.EditedAt:
    time_ms, time_ns = EDITED_AT_IN(memory, at)
    new = EDITED_AT()
    new.time = v.time(time_ms, time_ns)
    new.__class__ = t.EditedAt
    return new


REACTION = v.mould(t.Reaction)
REACTION_IN = v.layout("kaiwa_fragment", "emoji", "strings", "strings_len")


def reaction_at(at: int) -> t.Reaction:
    emoji, emoji_size, strings, strings_len = REACTION_IN(memory, at)
    new = REACTION()
    new.emoji = memory[emoji : emoji + emoji_size].decode()
    new.user_ids = v.strings(strings, strings_len)
    new.__class__ = t.Reaction
    return new


NOTICE = v.mould(t.Notice)
NOTICE_IN = v.layout("kaiwa_fragment", "code", "strings", "strings_len")


def notice_at(at: int) -> t.Notice:
    code, code_size, strings, strings_len = NOTICE_IN(memory, at)
    new = NOTICE()
    new.code = memory[code : code + code_size].decode()
    new.args = v.strings(strings, strings_len)
    new.__class__ = t.Notice
    return new


EXTRA = v.mould(t.Extra)
EXTRA_IN = v.layout("kaiwa_fragment", "json")


def extra_at(at: int) -> t.Extra:
    json, json_size = EXTRA_IN(memory, at)
    new = EXTRA()
    new.value = v.value(json, json_size)
    new.__class__ = t.Extra
    return new


FRAGMENTS: dict[int, Callable[[int], t.Fragment]] = {
    lib.KAIWA_FRAGMENT_TEXT: text_at,
    lib.KAIWA_FRAGMENT_IMAGE: image_at,
    lib.KAIWA_FRAGMENT_VIDEO: video_at,
    lib.KAIWA_FRAGMENT_AUDIO: audio_at,
    lib.KAIWA_FRAGMENT_URL: url_at,
    lib.KAIWA_FRAGMENT_ASSET: asset_id_at,
    lib.KAIWA_FRAGMENT_FILE: file_at,
    lib.KAIWA_FRAGMENT_UPLOAD: upload_at,
    lib.KAIWA_FRAGMENT_STYLED: styled_at,
    lib.KAIWA_FRAGMENT_LINK: link_at,
    lib.KAIWA_FRAGMENT_MENTION: mention_at,
    lib.KAIWA_FRAGMENT_CHANNEL_LINK: channel_link_at,
    lib.KAIWA_FRAGMENT_MESSAGE_LINK: message_link_at,
    lib.KAIWA_FRAGMENT_REPLY: reply_at,
    lib.KAIWA_FRAGMENT_EDITED_AT: edited_at_at,
    lib.KAIWA_FRAGMENT_REACTION: reaction_at,
    lib.KAIWA_FRAGMENT_NOTICE: notice_at,
    lib.KAIWA_FRAGMENT_EXTRA: extra_at,
}
FRAGMENT_KIND = v.layout("kaiwa_fragment", "kind")


def fragment_at(at: int) -> t.Fragment:
    return FRAGMENTS[FRAGMENT_KIND(memory, at)[0]](at)


EMOTE_ASSET = v.mould(t.EmoteAsset)
EMOTE_ASSET_IN = v.layout("kaiwa_asset", "id", "pattern", "src", "source")


def emote_asset_at(at: int) -> t.EmoteAsset:
    id, id_size, pattern, pattern_size, src, src_size, source = EMOTE_ASSET_IN(memory, at)
    new = EMOTE_ASSET()
    new.pattern = memory[pattern : pattern + pattern_size].decode()
    new.src = memory[src : src + src_size].decode()
    new.source = v.ASSET_SOURCE[source]
    new.id = memory[id : id + id_size].decode() if id else None
    new.__class__ = t.EmoteAsset
    return new


STICKER_ASSET = v.mould(t.StickerAsset)
STICKER_ASSET_IN = v.layout("kaiwa_asset", "id", "pattern", "src", "source")


def sticker_asset_at(at: int) -> t.StickerAsset:
    id, id_size, pattern, pattern_size, src, src_size, source = STICKER_ASSET_IN(memory, at)
    new = STICKER_ASSET()
    new.pattern = memory[pattern : pattern + pattern_size].decode()
    new.src = memory[src : src + src_size].decode()
    new.source = v.ASSET_SOURCE[source]
    new.id = memory[id : id + id_size].decode() if id else None
    new.__class__ = t.StickerAsset
    return new


AUDIO_ASSET = v.mould(t.AudioAsset)
AUDIO_ASSET_IN = v.layout("kaiwa_asset", "id", "pattern", "src", "source")


def audio_asset_at(at: int) -> t.AudioAsset:
    id, id_size, pattern, pattern_size, src, src_size, source = AUDIO_ASSET_IN(memory, at)
    new = AUDIO_ASSET()
    new.pattern = memory[pattern : pattern + pattern_size].decode()
    new.src = memory[src : src + src_size].decode()
    new.source = v.ASSET_SOURCE[source]
    new.id = memory[id : id + id_size].decode() if id else None
    new.__class__ = t.AudioAsset
    return new


COMMAND_ASSET = v.mould(t.CommandAsset)
COMMAND_ASSET_IN = v.layout("kaiwa_asset", "id", "pattern", "source", "args", "args_len")


def command_asset_at(at: int) -> t.CommandAsset:
    id, id_size, pattern, pattern_size, source, args, args_len = COMMAND_ASSET_IN(memory, at)
    new = COMMAND_ASSET()
    new.pattern = memory[pattern : pattern + pattern_size].decode()
    new.args = v.many(fragment_at, args, args_len)
    new.source = v.ASSET_SOURCE[source]
    new.id = memory[id : id + id_size].decode() if id else None
    new.__class__ = t.CommandAsset
    return new


ASSETS: dict[int, Callable[[int], t.Asset]] = {
    lib.KAIWA_ASSET_EMOTE: emote_asset_at,
    lib.KAIWA_ASSET_STICKER: sticker_asset_at,
    lib.KAIWA_ASSET_AUDIO: audio_asset_at,
    lib.KAIWA_ASSET_COMMAND: command_asset_at,
}
ASSET_KIND = v.layout("kaiwa_asset", "kind")


def asset_at(at: int) -> t.Asset:
    return ASSETS[ASSET_KIND(memory, at)[0]](at)


CHAT_NEW = v.mould(t.ChatNew)
CHAT_NEW_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "message")


def chat_new_at(at: int) -> t.ChatNew:
    account, seq, request, channel_id, channel_id_size, message = CHAT_NEW_IN(memory, at)
    new = CHAT_NEW()
    new.account = account
    new.seq = seq
    new.request = request
    new.message = message_at(message)
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.ChatNew
    return new


CHAT_UPDATE = v.mould(t.ChatUpdate)
CHAT_UPDATE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "message_id", "message")


def chat_update_at(at: int) -> t.ChatUpdate:
    account, seq, request, channel_id, channel_id_size, message_id, message_id_size, message = CHAT_UPDATE_IN(memory, at)
    new = CHAT_UPDATE()
    new.account = account
    new.seq = seq
    new.request = request
    new.message_id = memory[message_id : message_id + message_id_size].decode()
    new.new_message = message_at(message)
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.ChatUpdate
    return new


CHAT_REMOVE = v.mould(t.ChatRemove)
CHAT_REMOVE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "message_id")


def chat_remove_at(at: int) -> t.ChatRemove:
    account, seq, request, channel_id, channel_id_size, message_id, message_id_size = CHAT_REMOVE_IN(memory, at)
    new = CHAT_REMOVE()
    new.account = account
    new.seq = seq
    new.request = request
    new.message_id = memory[message_id : message_id + message_id_size].decode()
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.ChatRemove
    return new


CHAT_HISTORY = v.mould(t.ChatHistory)
CHAT_HISTORY_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "messages", "messages_len", "complete")


def chat_history_at(at: int) -> t.ChatHistory:
    account, seq, request, channel_id, channel_id_size, messages, messages_len, complete = CHAT_HISTORY_IN(memory, at)
    new = CHAT_HISTORY()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.messages = v.many(message_at, messages, messages_len)
    new.complete = complete
    new.__class__ = t.ChatHistory
    return new


CHAT_GAP = v.mould(t.ChatGap)
CHAT_GAP_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "after", "before")


def chat_gap_at(at: int) -> t.ChatGap:
    account, seq, request, channel_id, channel_id_size, after, after_size, before, before_size = CHAT_GAP_IN(memory, at)
    new = CHAT_GAP()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.after = memory[after : after + after_size].decode() if after else None
    new.before = memory[before : before + before_size].decode() if before else None
    new.__class__ = t.ChatGap
    return new


CHAT_REQUEST_HISTORY = v.mould(t.ChatRequestHistory)
CHAT_REQUEST_HISTORY_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "before", "limit")


def chat_request_history_at(at: int) -> t.ChatRequestHistory:
    account, seq, request, channel_id, channel_id_size, before, before_size, limit = CHAT_REQUEST_HISTORY_IN(memory, at)
    new = CHAT_REQUEST_HISTORY()
    new.account = account
    new.seq = seq
    new.request = request
    new.limit = limit
    new.before = memory[before : before + before_size].decode() if before else None
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.ChatRequestHistory
    return new


CHAT_READ = v.mould(t.ChatRead)
CHAT_READ_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "message_id", "user_id")


def chat_read_at(at: int) -> t.ChatRead:
    account, seq, request, channel_id, channel_id_size, message_id, message_id_size, user_id, user_id_size = CHAT_READ_IN(memory, at)
    new = CHAT_READ()
    new.account = account
    new.seq = seq
    new.request = request
    new.message_id = memory[message_id : message_id + message_id_size].decode()
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.user_id = memory[user_id : user_id + user_id_size].decode() if user_id else None
    new.__class__ = t.ChatRead
    return new


CHAT_TYPING = v.mould(t.ChatTyping)
CHAT_TYPING_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "user_id", "typing")


def chat_typing_at(at: int) -> t.ChatTyping:
    account, seq, request, channel_id, channel_id_size, user_id, user_id_size, typing = CHAT_TYPING_IN(memory, at)
    new = CHAT_TYPING()
    new.account = account
    new.seq = seq
    new.request = request
    new.typing = typing
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.user_id = memory[user_id : user_id + user_id_size].decode() if user_id else None
    new.__class__ = t.ChatTyping
    return new


CHAT_REACT = v.mould(t.ChatReact)
CHAT_REACT_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "message_id", "user_id", "emoji", "on")


def chat_react_at(at: int) -> t.ChatReact:
    account, seq, request, channel_id, channel_id_size, message_id, message_id_size, user_id, user_id_size, emoji, emoji_size, on = CHAT_REACT_IN(memory, at)
    new = CHAT_REACT()
    new.account = account
    new.seq = seq
    new.request = request
    new.message_id = memory[message_id : message_id + message_id_size].decode()
    new.emoji = memory[emoji : emoji + emoji_size].decode()
    new.on = on
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.user_id = memory[user_id : user_id + user_id_size].decode() if user_id else None
    new.__class__ = t.ChatReact
    return new


CHAT_PROGRESS = v.mould(t.ChatProgress)
CHAT_PROGRESS_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "message_id", "sent", "total")


def chat_progress_at(at: int) -> t.ChatProgress:
    account, seq, request, channel_id, channel_id_size, message_id, message_id_size, sent, total = CHAT_PROGRESS_IN(memory, at)
    new = CHAT_PROGRESS()
    new.account = account
    new.seq = seq
    new.request = request
    new.message_id = memory[message_id : message_id + message_id_size].decode()
    new.sent = sent
    new.total = total
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.ChatProgress
    return new


CHANNEL_NEW = v.mould(t.ChannelNew)
CHANNEL_NEW_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel")


def channel_new_at(at: int) -> t.ChannelNew:
    account, seq, request, channel = CHANNEL_NEW_IN(memory, at)
    new = CHANNEL_NEW()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel = channel_at(channel)
    new.__class__ = t.ChannelNew
    return new


CHANNEL_UPDATE = v.mould(t.ChannelUpdate)
CHANNEL_UPDATE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "channel")


def channel_update_at(at: int) -> t.ChannelUpdate:
    account, seq, request, channel_id, channel_id_size, channel = CHANNEL_UPDATE_IN(memory, at)
    new = CHANNEL_UPDATE()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.new_channel = channel_at(channel)
    new.__class__ = t.ChannelUpdate
    return new


CHANNEL_REMOVE = v.mould(t.ChannelRemove)
CHANNEL_REMOVE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id")


def channel_remove_at(at: int) -> t.ChannelRemove:
    account, seq, request, channel_id, channel_id_size = CHANNEL_REMOVE_IN(memory, at)
    new = CHANNEL_REMOVE()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.__class__ = t.ChannelRemove
    return new


CHANNEL_JOIN = v.mould(t.ChannelJoin)
CHANNEL_JOIN_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id")


def channel_join_at(at: int) -> t.ChannelJoin:
    account, seq, request, channel_id, channel_id_size = CHANNEL_JOIN_IN(memory, at)
    new = CHANNEL_JOIN()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.__class__ = t.ChannelJoin
    return new


CHANNEL_LEAVE = v.mould(t.ChannelLeave)
CHANNEL_LEAVE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id")


def channel_leave_at(at: int) -> t.ChannelLeave:
    account, seq, request, channel_id, channel_id_size = CHANNEL_LEAVE_IN(memory, at)
    new = CHANNEL_LEAVE()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.__class__ = t.ChannelLeave
    return new


CHANNEL_SWITCH = v.mould(t.ChannelSwitch)
CHANNEL_SWITCH_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id")


def channel_switch_at(at: int) -> t.ChannelSwitch:
    account, seq, request, channel_id, channel_id_size = CHANNEL_SWITCH_IN(memory, at)
    new = CHANNEL_SWITCH()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.__class__ = t.ChannelSwitch
    return new


CHANNEL_KICK = v.mould(t.ChannelKick)
CHANNEL_KICK_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "reason", "ban")


def channel_kick_at(at: int) -> t.ChannelKick:
    account, seq, request, channel_id, channel_id_size, reason, reason_size, ban = CHANNEL_KICK_IN(memory, at)
    new = CHANNEL_KICK()
    new.account = account
    new.seq = seq
    new.request = request
    new.ban = ban
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.reason = memory[reason : reason + reason_size].decode() if reason else None
    new.__class__ = t.ChannelKick
    return new


CHANNEL_WIPE = v.mould(t.ChannelWipe)
CHANNEL_WIPE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id")


def channel_wipe_at(at: int) -> t.ChannelWipe:
    account, seq, request, channel_id, channel_id_size = CHANNEL_WIPE_IN(memory, at)
    new = CHANNEL_WIPE()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.ChannelWipe
    return new


CHANNEL_CLEAR_LIST = v.mould(t.ChannelClearList)
CHANNEL_CLEAR_LIST_IN = v.layout("kaiwa_event", "account", "seq", "request")


def channel_clear_list_at(at: int) -> t.ChannelClearList:
    account, seq, request = CHANNEL_CLEAR_LIST_IN(memory, at)
    new = CHANNEL_CLEAR_LIST()
    new.account = account
    new.seq = seq
    new.request = request
    new.__class__ = t.ChannelClearList
    return new


CHANNEL_TOPIC = v.mould(t.ChannelTopic)
CHANNEL_TOPIC_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "topic")


def channel_topic_at(at: int) -> t.ChannelTopic:
    account, seq, request, channel_id, channel_id_size, topic, topic_size = CHANNEL_TOPIC_IN(memory, at)
    new = CHANNEL_TOPIC()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.topic = memory[topic : topic + topic_size].decode() if topic else None
    new.__class__ = t.ChannelTopic
    return new


CHANNEL_PARENT = v.mould(t.ChannelParent)
CHANNEL_PARENT_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "parent_id")


def channel_parent_at(at: int) -> t.ChannelParent:
    account, seq, request, channel_id, channel_id_size, parent_id, parent_id_size = CHANNEL_PARENT_IN(memory, at)
    new = CHANNEL_PARENT()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.parent_id = memory[parent_id : parent_id + parent_id_size].decode() if parent_id else None
    new.__class__ = t.ChannelParent
    return new


CHANNEL_MEMBERS = v.mould(t.ChannelMembers)
CHANNEL_MEMBERS_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "members", "members_len")


def channel_members_at(at: int) -> t.ChannelMembers:
    account, seq, request, channel_id, channel_id_size, members, members_len = CHANNEL_MEMBERS_IN(memory, at)
    new = CHANNEL_MEMBERS()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.members = v.many(member_at, members, members_len)
    new.__class__ = t.ChannelMembers
    return new


CHANNEL_CREATE = v.mould(t.ChannelCreate)
CHANNEL_CREATE_IN = v.layout("kaiwa_event", "account", "seq", "request", "parent_id", "channel", "is_public")


def channel_create_at(at: int) -> t.ChannelCreate:
    account, seq, request, parent_id, parent_id_size, channel, is_public = CHANNEL_CREATE_IN(memory, at)
    new = CHANNEL_CREATE()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel = channel_at(channel)
    new.public = is_public
    new.parent_id = memory[parent_id : parent_id + parent_id_size].decode() if parent_id else None
    new.__class__ = t.ChannelCreate
    return new


CHANNEL_JOIN_WITH = v.mould(t.ChannelJoinWith)
CHANNEL_JOIN_WITH_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "key")


def channel_join_with_at(at: int) -> t.ChannelJoinWith:
    account, seq, request, channel_id, channel_id_size, key, key_size = CHANNEL_JOIN_WITH_IN(memory, at)
    new = CHANNEL_JOIN_WITH()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.key = memory[key : key + key_size].decode()
    new.__class__ = t.ChannelJoinWith
    return new


CHANNEL_INVITE = v.mould(t.ChannelInvite)
CHANNEL_INVITE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "user_id", "code")


def channel_invite_at(at: int) -> t.ChannelInvite:
    account, seq, request, channel_id, channel_id_size, user_id, user_id_size, code, code_size = CHANNEL_INVITE_IN(memory, at)
    new = CHANNEL_INVITE()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode()
    new.code = memory[code : code + code_size].decode() if code else None
    new.user_id = memory[user_id : user_id + user_id_size].decode() if user_id else None
    new.__class__ = t.ChannelInvite
    return new


CHANNEL_DIRECTORY = v.mould(t.ChannelDirectory)
CHANNEL_DIRECTORY_IN = v.layout("kaiwa_event", "account", "seq", "request", "query", "channels", "channels_len")


def channel_directory_at(at: int) -> t.ChannelDirectory:
    account, seq, request, query, query_size, channels, channels_len = CHANNEL_DIRECTORY_IN(memory, at)
    new = CHANNEL_DIRECTORY()
    new.account = account
    new.seq = seq
    new.request = request
    new.channels = v.many(channel_at, channels, channels_len)
    new.query = memory[query : query + query_size].decode() if query else None
    new.__class__ = t.ChannelDirectory
    return new


USER_NEW = v.mould(t.UserNew)
USER_NEW_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "user")


def user_new_at(at: int) -> t.UserNew:
    account, seq, request, channel_id, channel_id_size, user = USER_NEW_IN(memory, at)
    new = USER_NEW()
    new.account = account
    new.seq = seq
    new.request = request
    new.user = profile_at(user)
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.UserNew
    return new


USER_UPDATE = v.mould(t.UserUpdate)
USER_UPDATE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "user_id", "user")


def user_update_at(at: int) -> t.UserUpdate:
    account, seq, request, channel_id, channel_id_size, user_id, user_id_size, user = USER_UPDATE_IN(memory, at)
    new = USER_UPDATE()
    new.account = account
    new.seq = seq
    new.request = request
    new.user_id = memory[user_id : user_id + user_id_size].decode()
    new.new_user = profile_at(user)
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.UserUpdate
    return new


USER_REMOVE = v.mould(t.UserRemove)
USER_REMOVE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "user_id")


def user_remove_at(at: int) -> t.UserRemove:
    account, seq, request, channel_id, channel_id_size, user_id, user_id_size = USER_REMOVE_IN(memory, at)
    new = USER_REMOVE()
    new.account = account
    new.seq = seq
    new.request = request
    new.user_id = memory[user_id : user_id + user_id_size].decode()
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.UserRemove
    return new


USER_CLEAR_LIST = v.mould(t.UserClearList)
USER_CLEAR_LIST_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id")


def user_clear_list_at(at: int) -> t.UserClearList:
    account, seq, request, channel_id, channel_id_size = USER_CLEAR_LIST_IN(memory, at)
    new = USER_CLEAR_LIST()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.UserClearList
    return new


USER_IDENTIFY = v.mould(t.UserIdentify)
USER_IDENTIFY_IN = v.layout("kaiwa_event", "account", "seq", "request", "user_id")


def user_identify_at(at: int) -> t.UserIdentify:
    account, seq, request, user_id, user_id_size = USER_IDENTIFY_IN(memory, at)
    new = USER_IDENTIFY()
    new.account = account
    new.seq = seq
    new.request = request
    new.user_id = memory[user_id : user_id + user_id_size].decode()
    new.__class__ = t.UserIdentify
    return new


USER_PRESENCE = v.mould(t.UserPresence)
USER_PRESENCE_IN = v.layout("kaiwa_event", "account", "seq", "request", "user_id", "text", "presence")


def user_presence_at(at: int) -> t.UserPresence:
    account, seq, request, user_id, user_id_size, text, text_size, presence = USER_PRESENCE_IN(memory, at)
    new = USER_PRESENCE()
    new.account = account
    new.seq = seq
    new.request = request
    new.presence = v.PRESENCE[presence]
    new.text = memory[text : text + text_size].decode() if text else None
    new.user_id = memory[user_id : user_id + user_id_size].decode() if user_id else None
    new.__class__ = t.UserPresence
    return new


USER_REQUEST = v.mould(t.UserRequest)
USER_REQUEST_IN = v.layout("kaiwa_event", "account", "seq", "request", "user_id", "text", "own")


def user_request_at(at: int) -> t.UserRequest:
    account, seq, request, user_id, user_id_size, text, text_size, own = USER_REQUEST_IN(memory, at)
    new = USER_REQUEST()
    new.account = account
    new.seq = seq
    new.request = request
    new.user_id = memory[user_id : user_id + user_id_size].decode()
    new.own = own
    new.text = memory[text : text + text_size].decode() if text else None
    new.__class__ = t.UserRequest
    return new


USER_RESPOND = v.mould(t.UserRespond)
USER_RESPOND_IN = v.layout("kaiwa_event", "account", "seq", "request", "user_id", "accept")


def user_respond_at(at: int) -> t.UserRespond:
    account, seq, request, user_id, user_id_size, accept = USER_RESPOND_IN(memory, at)
    new = USER_RESPOND()
    new.account = account
    new.seq = seq
    new.request = request
    new.user_id = memory[user_id : user_id + user_id_size].decode()
    new.accept = accept
    new.__class__ = t.UserRespond
    return new


USER_DATA = v.mould(t.UserData)
USER_DATA_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "key", "value_json")


def user_data_at(at: int) -> t.UserData:
    account, seq, request, channel_id, channel_id_size, key, key_size, value_json, value_json_size = USER_DATA_IN(memory, at)
    new = USER_DATA()
    new.account = account
    new.seq = seq
    new.request = request
    new.key = memory[key : key + key_size].decode()
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.value = v.value(value_json, value_json_size)
    new.__class__ = t.UserData
    return new


USER_REQUEST_DATA = v.mould(t.UserRequestData)
USER_REQUEST_DATA_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "key")


def user_request_data_at(at: int) -> t.UserRequestData:
    account, seq, request, channel_id, channel_id_size, key, key_size = USER_REQUEST_DATA_IN(memory, at)
    new = USER_REQUEST_DATA()
    new.account = account
    new.seq = seq
    new.request = request
    new.key = memory[key : key + key_size].decode()
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.UserRequestData
    return new


USER_BAN = v.mould(t.UserBan)
USER_BAN_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "user_id", "reason", "until_ms", "until_ns", "has_until")


def user_ban_at(at: int) -> t.UserBan:
    account, seq, request, channel_id, channel_id_size, user_id, user_id_size, reason, reason_size, until_ms, until_ns, has_until = USER_BAN_IN(memory, at)
    new = USER_BAN()
    new.account = account
    new.seq = seq
    new.request = request
    new.user_id = memory[user_id : user_id + user_id_size].decode()
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.reason = memory[reason : reason + reason_size].decode() if reason else None
    new.until = v.time(until_ms, until_ns) if has_until else None
    new.__class__ = t.UserBan
    return new


STATUS_PING = v.mould(t.StatusPing)
STATUS_PING_IN = v.layout("kaiwa_event", "account", "seq", "request", "artifact")


def status_ping_at(at: int) -> t.StatusPing:
    account, seq, request, artifact, artifact_size = STATUS_PING_IN(memory, at)
    new = STATUS_PING()
    new.account = account
    new.seq = seq
    new.request = request
    new.artifact = memory[artifact : artifact + artifact_size].decode() if artifact else None
    new.__class__ = t.StatusPing
    return new


STATUS_CONNECTED = v.mould(t.StatusConnected)
STATUS_CONNECTED_IN = v.layout("kaiwa_event", "account", "seq", "request", "artifact")


def status_connected_at(at: int) -> t.StatusConnected:
    account, seq, request, artifact, artifact_size = STATUS_CONNECTED_IN(memory, at)
    new = STATUS_CONNECTED()
    new.account = account
    new.seq = seq
    new.request = request
    new.artifact = memory[artifact : artifact + artifact_size].decode() if artifact else None
    new.__class__ = t.StatusConnected
    return new


STATUS_DISCONNECTED = v.mould(t.StatusDisconnected)
STATUS_DISCONNECTED_IN = v.layout("kaiwa_event", "account", "seq", "request", "artifact")


def status_disconnected_at(at: int) -> t.StatusDisconnected:
    account, seq, request, artifact, artifact_size = STATUS_DISCONNECTED_IN(memory, at)
    new = STATUS_DISCONNECTED()
    new.account = account
    new.seq = seq
    new.request = request
    new.artifact = memory[artifact : artifact + artifact_size].decode() if artifact else None
    new.__class__ = t.StatusDisconnected
    return new


STATUS_CONNECTING = v.mould(t.StatusConnecting)
STATUS_CONNECTING_IN = v.layout("kaiwa_event", "account", "seq", "request")


def status_connecting_at(at: int) -> t.StatusConnecting:
    account, seq, request = STATUS_CONNECTING_IN(memory, at)
    new = STATUS_CONNECTING()
    new.account = account
    new.seq = seq
    new.request = request
    new.__class__ = t.StatusConnecting
    return new


STATUS_LOST = v.mould(t.StatusLost)
STATUS_LOST_IN = v.layout("kaiwa_event", "account", "seq", "request", "error", "retry_in_ms", "has_retry_in")


def status_lost_at(at: int) -> t.StatusLost:
    account, seq, request, error, retry_in_ms, has_retry_in = STATUS_LOST_IN(memory, at)
    new = STATUS_LOST()
    new.account = account
    new.seq = seq
    new.request = request
    new.error = error_info_at(error)
    new.retry_in_ms = retry_in_ms if has_retry_in else None
    new.__class__ = t.StatusLost
    return new


STATUS_DONE = v.mould(t.StatusDone)
STATUS_DONE_IN = v.layout("kaiwa_event", "account", "seq", "ended_request")


def status_done_at(at: int) -> t.StatusDone:
    account, seq, ended_request = STATUS_DONE_IN(memory, at)
    new = STATUS_DONE()
    new.account = account
    new.seq = seq
    new.request = ended_request
    new.__class__ = t.StatusDone
    return new


STATUS_FAILED = v.mould(t.StatusFailed)
STATUS_FAILED_IN = v.layout("kaiwa_event", "account", "seq", "ended_request", "error")


def status_failed_at(at: int) -> t.StatusFailed:
    account, seq, ended_request, error = STATUS_FAILED_IN(memory, at)
    new = STATUS_FAILED()
    new.account = account
    new.seq = seq
    new.request = ended_request
    new.error = error_info_at(error)
    new.__class__ = t.StatusFailed
    return new


STATUS_OVERRUN = v.mould(t.StatusOverrun)
STATUS_OVERRUN_IN = v.layout("kaiwa_event", "account", "seq", "request")


def status_overrun_at(at: int) -> t.StatusOverrun:
    account, seq, request = STATUS_OVERRUN_IN(memory, at)
    new = STATUS_OVERRUN()
    new.account = account
    new.seq = seq
    new.request = request
    new.__class__ = t.StatusOverrun
    return new


STATUS_CAPABILITIES = v.mould(t.StatusCapabilities)
STATUS_CAPABILITIES_IN = v.layout("kaiwa_event", "account", "seq", "request", "capabilities")


def status_capabilities_at(at: int) -> t.StatusCapabilities:
    account, seq, request, capabilities = STATUS_CAPABILITIES_IN(memory, at)
    new = STATUS_CAPABILITIES()
    new.account = account
    new.seq = seq
    new.request = request
    new.capabilities = capabilities_at(capabilities)
    new.__class__ = t.StatusCapabilities
    return new


ASSET_NEW = v.mould(t.AssetNew)
ASSET_NEW_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "asset")


def asset_new_at(at: int) -> t.AssetNew:
    account, seq, request, channel_id, channel_id_size, asset = ASSET_NEW_IN(memory, at)
    new = ASSET_NEW()
    new.account = account
    new.seq = seq
    new.request = request
    new.asset = asset_at(asset)
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.AssetNew
    return new


ASSET_UPDATE = v.mould(t.AssetUpdate)
ASSET_UPDATE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "asset_id", "asset")


def asset_update_at(at: int) -> t.AssetUpdate:
    account, seq, request, channel_id, channel_id_size, asset_id, asset_id_size, asset = ASSET_UPDATE_IN(memory, at)
    new = ASSET_UPDATE()
    new.account = account
    new.seq = seq
    new.request = request
    new.asset_id = memory[asset_id : asset_id + asset_id_size].decode()
    new.new_asset = asset_at(asset)
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.AssetUpdate
    return new


ASSET_REMOVE = v.mould(t.AssetRemove)
ASSET_REMOVE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "asset_id")


def asset_remove_at(at: int) -> t.AssetRemove:
    account, seq, request, channel_id, channel_id_size, asset_id, asset_id_size = ASSET_REMOVE_IN(memory, at)
    new = ASSET_REMOVE()
    new.account = account
    new.seq = seq
    new.request = request
    new.asset_id = memory[asset_id : asset_id + asset_id_size].decode()
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.AssetRemove
    return new


ASSET_CLEAR_LIST = v.mould(t.AssetClearList)
ASSET_CLEAR_LIST_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id")


def asset_clear_list_at(at: int) -> t.AssetClearList:
    account, seq, request, channel_id, channel_id_size = ASSET_CLEAR_LIST_IN(memory, at)
    new = ASSET_CLEAR_LIST()
    new.account = account
    new.seq = seq
    new.request = request
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.AssetClearList
    return new


ASSET_UNAVAILABLE = v.mould(t.AssetUnavailable)
ASSET_UNAVAILABLE_IN = v.layout("kaiwa_event", "account", "seq", "request", "channel_id", "error")


def asset_unavailable_at(at: int) -> t.AssetUnavailable:
    account, seq, request, channel_id, channel_id_size, error = ASSET_UNAVAILABLE_IN(memory, at)
    new = ASSET_UNAVAILABLE()
    new.account = account
    new.seq = seq
    new.request = request
    new.error = error_info_at(error)
    new.channel_id = memory[channel_id : channel_id + channel_id_size].decode() if channel_id else None
    new.__class__ = t.AssetUnavailable
    return new


EVENTS: dict[int, Callable[[int], t.Event]] = {
    lib.KAIWA_EVENT_CHAT_NEW: chat_new_at,
    lib.KAIWA_EVENT_CHAT_UPDATE: chat_update_at,
    lib.KAIWA_EVENT_CHAT_REMOVE: chat_remove_at,
    lib.KAIWA_EVENT_CHAT_HISTORY: chat_history_at,
    lib.KAIWA_EVENT_CHAT_GAP: chat_gap_at,
    lib.KAIWA_EVENT_CHAT_REQUEST_HISTORY: chat_request_history_at,
    lib.KAIWA_EVENT_CHAT_READ: chat_read_at,
    lib.KAIWA_EVENT_CHAT_TYPING: chat_typing_at,
    lib.KAIWA_EVENT_CHAT_REACT: chat_react_at,
    lib.KAIWA_EVENT_CHAT_PROGRESS: chat_progress_at,
    lib.KAIWA_EVENT_CHANNEL_NEW: channel_new_at,
    lib.KAIWA_EVENT_CHANNEL_UPDATE: channel_update_at,
    lib.KAIWA_EVENT_CHANNEL_REMOVE: channel_remove_at,
    lib.KAIWA_EVENT_CHANNEL_JOIN: channel_join_at,
    lib.KAIWA_EVENT_CHANNEL_LEAVE: channel_leave_at,
    lib.KAIWA_EVENT_CHANNEL_SWITCH: channel_switch_at,
    lib.KAIWA_EVENT_CHANNEL_KICK: channel_kick_at,
    lib.KAIWA_EVENT_CHANNEL_WIPE: channel_wipe_at,
    lib.KAIWA_EVENT_CHANNEL_CLEAR_LIST: channel_clear_list_at,
    lib.KAIWA_EVENT_CHANNEL_TOPIC: channel_topic_at,
    lib.KAIWA_EVENT_CHANNEL_PARENT: channel_parent_at,
    lib.KAIWA_EVENT_CHANNEL_MEMBERS: channel_members_at,
    lib.KAIWA_EVENT_CHANNEL_CREATE: channel_create_at,
    lib.KAIWA_EVENT_CHANNEL_JOIN_WITH: channel_join_with_at,
    lib.KAIWA_EVENT_CHANNEL_INVITE: channel_invite_at,
    lib.KAIWA_EVENT_CHANNEL_DIRECTORY: channel_directory_at,
    lib.KAIWA_EVENT_USER_NEW: user_new_at,
    lib.KAIWA_EVENT_USER_UPDATE: user_update_at,
    lib.KAIWA_EVENT_USER_REMOVE: user_remove_at,
    lib.KAIWA_EVENT_USER_CLEAR_LIST: user_clear_list_at,
    lib.KAIWA_EVENT_USER_IDENTIFY: user_identify_at,
    lib.KAIWA_EVENT_USER_PRESENCE: user_presence_at,
    lib.KAIWA_EVENT_USER_REQUEST: user_request_at,
    lib.KAIWA_EVENT_USER_RESPOND: user_respond_at,
    lib.KAIWA_EVENT_USER_DATA: user_data_at,
    lib.KAIWA_EVENT_USER_REQUEST_DATA: user_request_data_at,
    lib.KAIWA_EVENT_USER_BAN: user_ban_at,
    lib.KAIWA_EVENT_STATUS_PING: status_ping_at,
    lib.KAIWA_EVENT_STATUS_CONNECTED: status_connected_at,
    lib.KAIWA_EVENT_STATUS_DISCONNECTED: status_disconnected_at,
    lib.KAIWA_EVENT_STATUS_CONNECTING: status_connecting_at,
    lib.KAIWA_EVENT_STATUS_LOST: status_lost_at,
    lib.KAIWA_EVENT_STATUS_DONE: status_done_at,
    lib.KAIWA_EVENT_STATUS_FAILED: status_failed_at,
    lib.KAIWA_EVENT_STATUS_OVERRUN: status_overrun_at,
    lib.KAIWA_EVENT_STATUS_CAPABILITIES: status_capabilities_at,
    lib.KAIWA_EVENT_ASSET_NEW: asset_new_at,
    lib.KAIWA_EVENT_ASSET_UPDATE: asset_update_at,
    lib.KAIWA_EVENT_ASSET_REMOVE: asset_remove_at,
    lib.KAIWA_EVENT_ASSET_CLEAR_LIST: asset_clear_list_at,
    lib.KAIWA_EVENT_ASSET_UNAVAILABLE: asset_unavailable_at,
}
EVENT_KIND = v.layout("kaiwa_event", "kind")


def event_at(at: int) -> t.Event:
    """An event. Raises `KeyError` for what has no number here: only its JSON tells what it is."""
    return EVENTS[EVENT_KIND(memory, at)[0]](at)
