//! People.

use kaiwa_core::{Member, Presence, Profile, Role};

use crate::raw::Arena;
use crate::text::kaiwa_str;

/// A person, as a network shows them.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_profile {
    /// The network's id, unique within an account.
    pub id: kaiwa_str,
    /// The name used to address them.
    pub username: kaiwa_str,
    /// The name to show, where it differs.
    pub display_name: kaiwa_str,
    /// Address of a picture.
    pub picture: kaiwa_str,
    /// Whether `color` is known.
    pub has_color: bool,
    /// Red, green, blue, alpha.
    pub color: [u8; 4],
}

/// Whether somebody can be reached.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_presence {
    /// It does not apply, or was not said, or this version has no number for it.
    KAIWA_PRESENCE_NONE = 0,
    /// They are there.
    KAIWA_PRESENCE_ONLINE = 1,
    /// They are signed in but not at it.
    KAIWA_PRESENCE_AWAY = 2,
    /// They are there and do not want to be disturbed.
    KAIWA_PRESENCE_BUSY = 3,
    /// They are not signed in, or want to seem so.
    KAIWA_PRESENCE_OFFLINE = 4,
}

/// What somebody may do in a channel, as far as networks agree on it.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_role {
    /// This version has no number for it.
    KAIWA_ROLE_NONE = 0,
    /// Talk.
    KAIWA_ROLE_MEMBER = 1,
    /// Keep order among those who talk.
    KAIWA_ROLE_MODERATOR = 2,
    /// Change the channel and who is in it.
    KAIWA_ROLE_ADMIN = 3,
    /// Everything; the channel is theirs.
    KAIWA_ROLE_OWNER = 4,
}

/// Somebody's place in a channel.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_member {
    /// Their id.
    pub user_id: kaiwa_str,
    /// What they may do there.
    pub role: kaiwa_role,
    /// Whether they type now. Only in lists of members.
    pub typing: bool,
    /// How they are, if that was said. Only in lists of members.
    pub presence: kaiwa_presence,
    /// What they say about it. Only in lists of members.
    pub presence_text: kaiwa_str,
    /// The id of the last message that they have read, if that was said. Only in lists of members.
    pub read_message_id: kaiwa_str,
    /// Who they are. Only in lists of members; NULL in events.
    pub profile: *const kaiwa_profile,
}

pub(crate) fn profile(arena: &mut Arena, profile: &Profile) -> kaiwa_profile {
    let Profile {
        id,
        username,
        display_name,
        color,
        picture,
    } = profile;
    kaiwa_profile {
        id: arena.optional(id.as_deref()),
        username: arena.optional(username.as_deref()),
        display_name: arena.optional(display_name.as_deref()),
        picture: arena.optional(picture.as_deref()),
        has_color: color.is_some(),
        color: color.unwrap_or_default(),
    }
}

pub(crate) fn member(arena: &mut Arena, member: &Member) -> kaiwa_member {
    let Member { user_id, role: may } = member;
    kaiwa_member {
        user_id: arena.text(user_id),
        role: role(*may),
        typing: false,
        presence: kaiwa_presence::KAIWA_PRESENCE_NONE,
        presence_text: kaiwa_str::NONE,
        read_message_id: kaiwa_str::NONE,
        profile: std::ptr::null(),
    }
}

pub(crate) fn presence(presence: Presence) -> kaiwa_presence {
    match presence {
        Presence::Online => kaiwa_presence::KAIWA_PRESENCE_ONLINE,
        Presence::Away => kaiwa_presence::KAIWA_PRESENCE_AWAY,
        Presence::Busy => kaiwa_presence::KAIWA_PRESENCE_BUSY,
        Presence::Offline => kaiwa_presence::KAIWA_PRESENCE_OFFLINE,
        _ => kaiwa_presence::KAIWA_PRESENCE_NONE,
    }
}

pub(crate) fn role(role: Role) -> kaiwa_role {
    match role {
        Role::Member => kaiwa_role::KAIWA_ROLE_MEMBER,
        Role::Moderator => kaiwa_role::KAIWA_ROLE_MODERATOR,
        Role::Admin => kaiwa_role::KAIWA_ROLE_ADMIN,
        Role::Owner => kaiwa_role::KAIWA_ROLE_OWNER,
        _ => kaiwa_role::KAIWA_ROLE_NONE,
    }
}
