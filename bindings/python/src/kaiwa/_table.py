"""How the classes stand in JSON: (field, kind) in order; kinds as in generate.py.

Made by generate.py from docs/events.schema.json and include/kaiwa.h; do not edit.
"""

from __future__ import annotations

from enum import Enum

from . import types as t

Row = tuple[tuple[str, str], ...]

RECORDS: dict[str, tuple[type, Row]] = {
    "Profile": (t.Profile, (("color", "?rgba"), ("display_name", "?str"), ("id", "?str"), ("picture", "?str"), ("username", "?str"),)),
    "Channel": (t.Channel, (("id", "str"), ("channel_type", "ChannelType"), ("name", "?str"),)),
    "Member": (t.Member, (("user_id", "str"), ("role", "Role"),)),
    "ErrorInfo": (t.ErrorInfo, (("kind", "ErrorKind"), ("message", "str"), ("retry_after_ms", "?int"),)),
    "Capabilities": (t.Capabilities, (("confirmation", "Confirmation"), ("sends", "[EventKind"), ("max_file_bytes", "?int"), ("max_text_bytes", "?int"),)),
    "Message": (t.Message, (("content", "[MessageFragment"), ("timestamp", "time"), ("message_type", "MessageType"), ("status", "MessageStatus"), ("id", "?str"), ("sender_id", "?str"),)),
}

# Whether a variant is one value and no object, and its fields.
UNIONS: dict[str, dict[str, tuple[type, bool, Row]]] = {
    "MessageFragment": {
        "Text": (t.Text, True, (("text", "str"),)),
        "Image": (t.Image, False, (("url", "str"), ("mime", "str"),)),
        "Video": (t.Video, False, (("url", "str"), ("mime", "str"),)),
        "Audio": (t.Audio, False, (("url", "str"), ("mime", "str"),)),
        "Url": (t.Url, True, (("url", "str"),)),
        "AssetId": (t.AssetId, True, (("asset_id", "str"),)),
        "File": (t.File, False, (("url", "str"), ("name", "str"), ("mime", "str"), ("size", "?int"),)),
        "Upload": (t.Upload, False, (("path", "str"), ("mime", "?str"), ("name", "?str"),)),
        "Styled": (t.Styled, False, (("style", "Style"), ("content", "[MessageFragment"),)),
        "Link": (t.Link, False, (("url", "str"), ("content", "[MessageFragment"),)),
        "Mention": (t.Mention, False, (("user_id", "str"), ("text", "str"),)),
        "ChannelLink": (t.ChannelLink, False, (("channel_id", "str"), ("text", "str"),)),
        "MessageLink": (t.MessageLink, False, (("message_id", "str"), ("channel_id", "?str"),)),
        "Reply": (t.Reply, False, (("message_id", "str"),)),
        "EditedAt": (t.EditedAt, True, (("time", "time"),)),
        "Reaction": (t.Reaction, False, (("emoji", "str"), ("user_ids", "[str"),)),
        "Notice": (t.Notice, False, (("code", "str"), ("args", "[str"),)),
        "Extra": (t.Extra, True, (("value", "any"),)),
    },
    "Asset": {
        "Emote": (t.EmoteAsset, False, (("pattern", "str"), ("src", "str"), ("source", "AssetSource"), ("id", "?str"),)),
        "Sticker": (t.StickerAsset, False, (("pattern", "str"), ("src", "str"), ("source", "AssetSource"), ("id", "?str"),)),
        "Audio": (t.AudioAsset, False, (("pattern", "str"), ("src", "str"), ("source", "AssetSource"), ("id", "?str"),)),
        "Command": (t.CommandAsset, False, (("pattern", "str"), ("args", "[MessageFragment"), ("source", "AssetSource"), ("id", "?str"),)),
    },
    "Style": {
        "Color": (t.Color, True, (("rgba", "rgba"),)),
        "Background": (t.Background, True, (("rgba", "rgba"),)),
    },
}

ENUMS: dict[str, type[Enum]] = {
    "AssetSource": t.AssetSource,
    "ChannelType": t.ChannelType,
    "Confirmation": t.Confirmation,
    "ErrorKind": t.ErrorKind,
    "EventKind": t.EventKind,
    "MessageStatus": t.MessageStatus,
    "MessageType": t.MessageType,
    "Presence": t.Presence,
    "Role": t.Role,
    "Style": t.PlainStyle,
}

# Whether an event has fields in JSON at all, and which.
EVENTS: dict[tuple[str, str], tuple[type[t.Event], bool, Row]] = {
    ("Chat", "New"): (t.ChatNew, True, (("message", "Message"), ("channel_id", "?str"),)),
    ("Chat", "Update"): (t.ChatUpdate, True, (("message_id", "str"), ("new_message", "Message"), ("channel_id", "?str"),)),
    ("Chat", "Remove"): (t.ChatRemove, True, (("message_id", "str"), ("channel_id", "?str"),)),
    ("Chat", "History"): (t.ChatHistory, True, (("channel_id", "str"), ("messages", "[Message"), ("complete", "bool"),)),
    ("Chat", "Gap"): (t.ChatGap, True, (("channel_id", "str"), ("after", "?str"), ("before", "?str"),)),
    ("Chat", "RequestHistory"): (t.ChatRequestHistory, True, (("limit", "int"), ("before", "?str"), ("channel_id", "?str"),)),
    ("Chat", "Read"): (t.ChatRead, True, (("message_id", "str"), ("channel_id", "?str"), ("user_id", "?str"),)),
    ("Chat", "Typing"): (t.ChatTyping, True, (("typing", "bool"), ("channel_id", "?str"), ("user_id", "?str"),)),
    ("Chat", "React"): (t.ChatReact, True, (("message_id", "str"), ("emoji", "str"), ("on", "bool"), ("channel_id", "?str"), ("user_id", "?str"),)),
    ("Chat", "Progress"): (t.ChatProgress, True, (("message_id", "str"), ("sent", "int"), ("total", "int"), ("channel_id", "?str"),)),
    ("Channel", "New"): (t.ChannelNew, True, (("channel", "Channel"),)),
    ("Channel", "Update"): (t.ChannelUpdate, True, (("channel_id", "str"), ("new_channel", "Channel"),)),
    ("Channel", "Remove"): (t.ChannelRemove, True, (("channel_id", "str"),)),
    ("Channel", "Join"): (t.ChannelJoin, True, (("channel_id", "str"),)),
    ("Channel", "Leave"): (t.ChannelLeave, True, (("channel_id", "str"),)),
    ("Channel", "Switch"): (t.ChannelSwitch, True, (("channel_id", "str"),)),
    ("Channel", "Kick"): (t.ChannelKick, True, (("ban", "bool"), ("channel_id", "?str"), ("reason", "?str"),)),
    ("Channel", "Wipe"): (t.ChannelWipe, True, (("channel_id", "?str"),)),
    ("Channel", "ClearList"): (t.ChannelClearList, False, ()),
    ("Channel", "Topic"): (t.ChannelTopic, True, (("channel_id", "str"), ("topic", "?str"),)),
    ("Channel", "Parent"): (t.ChannelParent, True, (("channel_id", "str"), ("parent_id", "?str"),)),
    ("Channel", "Members"): (t.ChannelMembers, True, (("channel_id", "str"), ("members", "[Member"),)),
    ("Channel", "Create"): (t.ChannelCreate, True, (("channel", "Channel"), ("public", "bool"), ("parent_id", "?str"),)),
    ("Channel", "JoinWith"): (t.ChannelJoinWith, True, (("channel_id", "str"), ("key", "str"),)),
    ("Channel", "Invite"): (t.ChannelInvite, True, (("channel_id", "str"), ("code", "?str"), ("user_id", "?str"),)),
    ("Channel", "Directory"): (t.ChannelDirectory, True, (("channels", "[Channel"), ("query", "?str"),)),
    ("User", "New"): (t.UserNew, True, (("user", "Profile"), ("channel_id", "?str"),)),
    ("User", "Update"): (t.UserUpdate, True, (("user_id", "str"), ("new_user", "Profile"), ("channel_id", "?str"),)),
    ("User", "Remove"): (t.UserRemove, True, (("user_id", "str"), ("channel_id", "?str"),)),
    ("User", "ClearList"): (t.UserClearList, True, (("channel_id", "?str"),)),
    ("User", "Identify"): (t.UserIdentify, True, (("user_id", "str"),)),
    ("User", "Presence"): (t.UserPresence, True, (("presence", "Presence"), ("text", "?str"), ("user_id", "?str"),)),
    ("User", "Request"): (t.UserRequest, True, (("user_id", "str"), ("own", "bool"), ("text", "?str"),)),
    ("User", "Respond"): (t.UserRespond, True, (("user_id", "str"), ("accept", "bool"),)),
    ("User", "Data"): (t.UserData, True, (("key", "str"), ("channel_id", "?str"), ("value", "any"),)),
    ("User", "RequestData"): (t.UserRequestData, True, (("key", "str"), ("channel_id", "?str"),)),
    ("User", "Ban"): (t.UserBan, True, (("user_id", "str"), ("channel_id", "?str"), ("reason", "?str"), ("until", "?time"),)),
    ("Status", "Ping"): (t.StatusPing, True, (("artifact", "?str"),)),
    ("Status", "Connected"): (t.StatusConnected, True, (("artifact", "?str"),)),
    ("Status", "Disconnected"): (t.StatusDisconnected, True, (("artifact", "?str"),)),
    ("Status", "Connecting"): (t.StatusConnecting, False, ()),
    ("Status", "Lost"): (t.StatusLost, True, (("error", "ErrorInfo"), ("retry_in_ms", "?int"),)),
    ("Status", "Done"): (t.StatusDone, True, (("request", "int"),)),
    ("Status", "Failed"): (t.StatusFailed, True, (("request", "int"), ("error", "ErrorInfo"),)),
    ("Status", "Overrun"): (t.StatusOverrun, False, ()),
    ("Status", "Capabilities"): (t.StatusCapabilities, True, (("capabilities", "Capabilities"),)),
    ("Asset", "New"): (t.AssetNew, True, (("asset", "Asset"), ("channel_id", "?str"),)),
    ("Asset", "Update"): (t.AssetUpdate, True, (("asset_id", "str"), ("new_asset", "Asset"), ("channel_id", "?str"),)),
    ("Asset", "Remove"): (t.AssetRemove, True, (("asset_id", "str"), ("channel_id", "?str"),)),
    ("Asset", "ClearList"): (t.AssetClearList, True, (("channel_id", "?str"),)),
    ("Asset", "Unavailable"): (t.AssetUnavailable, True, (("error", "ErrorInfo"), ("channel_id", "?str"),)),
}
