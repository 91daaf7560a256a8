//! One number and one name for each event, shared by capabilities, documentation and C.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AssetEvent, ChannelEvent, ChatEvent, ConnectionEvent, StatusEvent, UserEvent};

macro_rules! event_kinds {
    ($($group:ident, $inner:ident { $($kind:ident = $variant:ident, $number:literal;)* })*) => {
        /// Which event it is, without its content. Numbers are fixed for ever; C shares them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum EventKind {
            $($(
                #[doc = concat!("`", stringify!($group), "::", stringify!($variant), "`")]
                $kind = $number,
            )*)*
        }

        impl EventKind {
            /// Every kind, by number.
            pub const ALL: &'static [Self] = &[$($(Self::$kind,)*)*];

            /// The group in JSON: `Chat`, `User`, `Channel`, `Status`, `Asset`.
            #[must_use]
            pub fn group(self) -> &'static str {
                match self { $($(Self::$kind => stringify!($group),)*)* }
            }

            /// The variant in JSON, for example `New`.
            #[must_use]
            pub fn variant(self) -> &'static str {
                match self { $($(Self::$kind => stringify!($variant),)*)* }
            }
        }

        impl ConnectionEvent {
            /// Which event it is.
            #[must_use]
            pub fn kind(&self) -> EventKind {
                match self {
                    $(Self::$group { event } => match event {
                        $($inner::$variant { .. } => EventKind::$kind,)*
                    },)*
                }
            }
        }
    };
}

event_kinds! {
    Chat, ChatEvent {
        ChatNew = New, 1;
        ChatUpdate = Update, 2;
        ChatRemove = Remove, 3;
        ChatHistory = History, 4;
        ChatGap = Gap, 5;
        ChatRequestHistory = RequestHistory, 6;
        ChatRead = Read, 7;
        ChatTyping = Typing, 8;
        ChatReact = React, 9;
        ChatProgress = Progress, 10;
    }
    Channel, ChannelEvent {
        ChannelNew = New, 100;
        ChannelUpdate = Update, 101;
        ChannelRemove = Remove, 102;
        ChannelJoin = Join, 103;
        ChannelLeave = Leave, 104;
        ChannelSwitch = Switch, 105;
        ChannelKick = Kick, 106;
        ChannelWipe = Wipe, 107;
        ChannelClearList = ClearList, 108;
        ChannelTopic = Topic, 109;
        ChannelParent = Parent, 110;
        ChannelMembers = Members, 111;
        ChannelCreate = Create, 112;
        ChannelJoinWith = JoinWith, 113;
        ChannelInvite = Invite, 114;
        ChannelDirectory = Directory, 115;
    }
    User, UserEvent {
        UserNew = New, 200;
        UserUpdate = Update, 201;
        UserRemove = Remove, 202;
        UserClearList = ClearList, 203;
        UserIdentify = Identify, 204;
        UserPresence = Presence, 205;
        UserRequest = Request, 206;
        UserRespond = Respond, 207;
        UserData = Data, 208;
        UserRequestData = RequestData, 209;
        UserBan = Ban, 210;
    }
    Status, StatusEvent {
        StatusPing = Ping, 300;
        StatusConnected = Connected, 301;
        StatusDisconnected = Disconnected, 302;
        StatusConnecting = Connecting, 303;
        StatusLost = Lost, 304;
        StatusDone = Done, 305;
        StatusFailed = Failed, 306;
        StatusOverrun = Overrun, 307;
        StatusCapabilities = Capabilities, 308;
    }
    Asset, AssetEvent {
        AssetNew = New, 400;
        AssetUpdate = Update, 401;
        AssetRemove = Remove, 402;
        AssetClearList = ClearList, 403;
        AssetUnavailable = Unavailable, 404;
    }
}

impl EventKind {
    /// The number in the table above.
    #[must_use]
    pub fn number(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.group(), self.variant())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_fixed() {
        // Frozen: a change here breaks C callers. New kinds are added, none is changed or removed.
        let table: Vec<String> = EventKind::ALL
            .iter()
            .map(|kind| format!("{kind}={}", kind.number()))
            .collect();
        assert_eq!(
            table.join(" "),
            "Chat::New=1 \
             Chat::Update=2 \
             Chat::Remove=3 \
             Chat::History=4 \
             Chat::Gap=5 \
             Chat::RequestHistory=6 \
             Chat::Read=7 \
             Chat::Typing=8 \
             Chat::React=9 \
             Chat::Progress=10 \
             Channel::New=100 \
             Channel::Update=101 \
             Channel::Remove=102 \
             Channel::Join=103 \
             Channel::Leave=104 \
             Channel::Switch=105 \
             Channel::Kick=106 \
             Channel::Wipe=107 \
             Channel::ClearList=108 \
             Channel::Topic=109 \
             Channel::Parent=110 \
             Channel::Members=111 \
             Channel::Create=112 \
             Channel::JoinWith=113 \
             Channel::Invite=114 \
             Channel::Directory=115 \
             User::New=200 \
             User::Update=201 \
             User::Remove=202 \
             User::ClearList=203 \
             User::Identify=204 \
             User::Presence=205 \
             User::Request=206 \
             User::Respond=207 \
             User::Data=208 \
             User::RequestData=209 \
             User::Ban=210 \
             Status::Ping=300 \
             Status::Connected=301 \
             Status::Disconnected=302 \
             Status::Connecting=303 \
             Status::Lost=304 \
             Status::Done=305 \
             Status::Failed=306 \
             Status::Overrun=307 \
             Status::Capabilities=308 \
             Asset::New=400 \
             Asset::Update=401 \
             Asset::Remove=402 \
             Asset::ClearList=403 \
             Asset::Unavailable=404"
        );
    }
}
