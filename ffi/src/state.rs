//! What an account has come to: snapshots, which no longer change.

use kaiwa_core::client::{ChannelState, ConnectionState, ConnectionStatus, Contact, Map};
use kaiwa_core::{Error, ErrorKind, Id, Profile, Role};
use serde_json::Value;

use crate::account::{Account, kaiwa_account};
use crate::raw::{Arena, Shown, handle, input, shown, text};
use crate::status::{guard, kaiwa_status};
use crate::text::kaiwa_str;
use crate::view::{
    self, kaiwa_asset, kaiwa_capabilities, kaiwa_channel, kaiwa_error, kaiwa_member, kaiwa_message,
    kaiwa_presence,
};

/// What an account has come to.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_state {
    /// The network's name.
    pub protocol: kaiwa_str,
    /// Whether it is up.
    pub status: kaiwa_connection_status,
    /// The user's own id, once it was said.
    pub user_id: kaiwa_str,
    /// The channel the user is in, on networks that know such a thing.
    pub current_channel_id: kaiwa_str,
    /// Why the connection was lost, until it is up again; NULL if it was not.
    pub last_error: *const kaiwa_error,
    /// Who is a contact of the user, or may become one.
    pub contacts: *const *const kaiwa_contact,
    /// How many `contacts` there are.
    pub contacts_len: usize,
    /// What the user keeps on the network, outside of all channels.
    pub values: *const *const kaiwa_value,
    /// How many `values` there are.
    pub values_len: usize,
    /// How many events found no room in the state.
    pub left_out: u64,
}

/// Whether a connection is up.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_connection_status {
    /// This version has no number for it.
    KAIWA_CONNECTION_NONE = 0,
    /// It is down.
    KAIWA_CONNECTION_DISCONNECTED = 1,
    /// An attempt to connect is under way.
    KAIWA_CONNECTION_CONNECTING = 2,
    /// It is signed in.
    KAIWA_CONNECTION_CONNECTED = 3,
}

/// Somebody who is a contact of the user, or may become one.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_contact {
    /// Who.
    pub user_id: kaiwa_str,
    /// How far the two are.
    pub kind: kaiwa_contact_kind,
    /// How they are, if that was said.
    pub presence: kaiwa_presence,
    /// What they say about it.
    pub presence_text: kaiwa_str,
}

/// How far two people are on the way to being contacts.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_contact_kind {
    /// This version has no number for it.
    KAIWA_CONTACT_NONE = 0,
    /// The user has asked them.
    KAIWA_CONTACT_ASKED = 1,
    /// They ask the user.
    KAIWA_CONTACT_ASKING = 2,
    /// They are contacts.
    KAIWA_CONTACT_CONFIRMED = 3,
}

/// A value that the user keeps on the network.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_value {
    /// What it is called.
    pub key: kaiwa_str,
    /// The value in JSON.
    pub json: kaiwa_str,
}

/// What an account knows of a channel.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_channel_state {
    /// The channel.
    pub channel: *const kaiwa_channel,
    /// What it is about.
    pub topic: kaiwa_str,
    /// The id of the channel around it; that one need not be known.
    pub parent_id: kaiwa_str,
    /// How many members `kaiwa_account_members` gives.
    pub members_len: usize,
    /// How many messages `kaiwa_account_messages` gives.
    pub messages_len: usize,
    /// What the user keeps in it on the network.
    pub values: *const *const kaiwa_value,
    /// How many `values` there are.
    pub values_len: usize,
}

/// A list of channels.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_channel_list {
    /// The channels, by id.
    pub items: *const *const kaiwa_channel_state,
    /// How many there are.
    pub len: usize,
}

/// A list of members.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_member_list {
    /// The members, by id.
    pub items: *const *const kaiwa_member,
    /// How many there are.
    pub len: usize,
}

/// A list of messages.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_message_list {
    /// The messages, oldest first.
    pub items: *const *const kaiwa_message,
    /// How many there are.
    pub len: usize,
}

/// A list of assets.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_asset_list {
    /// The assets, by id.
    pub items: *const *const kaiwa_asset,
    /// How many there are.
    pub len: usize,
}

/// What an account has come to. Every event that the handler has seen is in it. Free it with `kaiwa_state_free`.
///
/// Any thread. `KAIWA_ERR_NOT_FOUND` if no state is kept (`no_state`). Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_state(
    account: *const kaiwa_account,
    state_out: *mut *mut kaiwa_state,
) -> kaiwa_status {
    // SAFETY: an account's handle, and a place for a pointer.
    unsafe { give(account, state_out, |_, state| Ok(shown_state(state))) }
}

/// Frees a state. NULL is allowed.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_state_free(state: *mut kaiwa_state) {
    // SAFETY: given by `kaiwa_account_state`, or NULL.
    unsafe { free(state) };
}

/// What an account's network can do, as far as is known now. Free it with `kaiwa_capabilities_free`.
///
/// Any thread. `KAIWA_ERR_STATE` after a shutdown. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_capabilities(
    account: *const kaiwa_account,
    capabilities_out: *mut *mut kaiwa_capabilities,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: a place for a pointer, or NULL.
        unsafe { input::clear(capabilities_out, "capabilities_out") }?;
        // SAFETY: an account's handle.
        let account = unsafe { handle::borrow::<Account>(account) }?;
        let can = account.core.capabilities(account.id)?;
        let shown = Shown::new(|arena| view::capabilities(arena, &can));
        // SAFETY: a place for a pointer, see above.
        unsafe { input::put(capabilities_out, shown.give()) };
        Ok(())
    })
}

/// Frees capabilities. NULL is allowed.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_capabilities_free(capabilities: *mut kaiwa_capabilities) {
    // SAFETY: given by `kaiwa_account_capabilities`, or NULL.
    unsafe { free(capabilities) };
}

/// The channels that an account knows. Free the list with `kaiwa_channel_list_free`.
///
/// Any thread. `KAIWA_ERR_NOT_FOUND` as in `kaiwa_account_state`. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_channels(
    account: *const kaiwa_account,
    list_out: *mut *mut kaiwa_channel_list,
) -> kaiwa_status {
    let channels = |_: &Account, state: &ConnectionState| {
        Ok(Shown::new(|arena| kaiwa_channel_list {
            items: view::list(arena, state.channels.values(), channel),
            len: state.channels.len(),
        }))
    };
    // SAFETY: an account's handle, and a place for a pointer.
    unsafe { give(account, list_out, channels) }
}

/// Frees a list of channels. NULL is allowed.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_channel_list_free(list: *mut kaiwa_channel_list) {
    // SAFETY: given by `kaiwa_account_channels`, or NULL.
    unsafe { free(list) };
}

/// Who is in a channel; with `{NULL, 0}` who is known on the network as a whole. Free the list with
/// `kaiwa_member_list_free`.
///
/// Any thread. `KAIWA_ERR_NOT_FOUND` for an unknown channel, and as in `kaiwa_account_state`. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_members(
    account: *const kaiwa_account,
    channel_id: kaiwa_str,
    list_out: *mut *mut kaiwa_member_list,
) -> kaiwa_status {
    let members = |_: &Account, state: &ConnectionState| {
        // SAFETY: the caller's string.
        let channel = match unsafe { text::read_optional(channel_id, CHANNEL) }? {
            Some(id) => Some(known(state, id)?),
            None => None,
        };
        let users = channel.map_or(&state.global_users, |channel| &channel.users);
        Ok(Shown::new(|arena| kaiwa_member_list {
            items: view::list(arena, users.iter(), |arena, (id, user)| {
                member(arena, state, channel, id, user)
            }),
            len: users.len(),
        }))
    };
    // SAFETY: an account's handle, and a place for a pointer.
    unsafe { give(account, list_out, members) }
}

/// Frees a list of members. NULL is allowed.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_member_list_free(list: *mut kaiwa_member_list) {
    // SAFETY: given by `kaiwa_account_members`, or NULL.
    unsafe { free(list) };
}

/// The newest messages that are kept of a channel, at most `max` (0: all), oldest first. Older ones are asked of the network with
/// `kaiwa_account_request_history`. Free the list with `kaiwa_message_list_free`.
///
/// Any thread. `KAIWA_ERR_NOT_FOUND` for an unknown channel, and as in `kaiwa_account_state`. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_messages(
    account: *const kaiwa_account,
    channel_id: kaiwa_str,
    max: usize,
    list_out: *mut *mut kaiwa_message_list,
) -> kaiwa_status {
    let messages = |_: &Account, state: &ConnectionState| {
        // SAFETY: the caller's string.
        let channel = known(state, unsafe { text::read(channel_id, CHANNEL) }?)?;
        let all = channel.messages.len();
        let len = if max == 0 { all } else { all.min(max) };
        let newest: Vec<_> = channel.messages.iter().skip(all - len).collect();
        Ok(Shown::new(|arena| kaiwa_message_list {
            items: view::list(arena, newest, view::message),
            len,
        }))
    };
    // SAFETY: an account's handle, and a place for a pointer.
    unsafe { give(account, list_out, messages) }
}

/// Frees a list of messages. NULL is allowed.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_message_list_free(list: *mut kaiwa_message_list) {
    // SAFETY: given by `kaiwa_account_messages`, or NULL.
    unsafe { free(list) };
}

/// The assets that may be used in a channel only; with `{NULL, 0}` those that may be used everywhere. Free the list with
/// `kaiwa_asset_list_free`.
///
/// Any thread. `KAIWA_ERR_NOT_FOUND` for an unknown channel, and as in `kaiwa_account_state`. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_assets(
    account: *const kaiwa_account,
    channel_id: kaiwa_str,
    list_out: *mut *mut kaiwa_asset_list,
) -> kaiwa_status {
    let assets = |_: &Account, state: &ConnectionState| {
        // SAFETY: the caller's string.
        let assets = match unsafe { text::read_optional(channel_id, CHANNEL) }? {
            Some(id) => &known(state, id)?.assets,
            None => &state.global_assets,
        };
        Ok(Shown::new(|arena| kaiwa_asset_list {
            items: view::list(arena, assets.values(), view::asset),
            len: assets.len(),
        }))
    };
    // SAFETY: an account's handle, and a place for a pointer.
    unsafe { give(account, list_out, assets) }
}

/// Frees a list of assets. NULL is allowed.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_asset_list_free(list: *mut kaiwa_asset_list) {
    // SAFETY: given by `kaiwa_account_assets`, or NULL.
    unsafe { free(list) };
}

const CHANNEL: &str = "channel_id";

/// Shows something of an account's state.
///
/// # Safety
/// `account` is NULL or an account's handle, `out` NULL or a place for a pointer.
unsafe fn give<V>(
    account: *const kaiwa_account,
    out: *mut *mut V,
    make: impl FnOnce(&Account, &ConnectionState) -> Result<Shown<V>, Error>,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: the caller's promise, passed on.
        unsafe { input::clear(out, "the place for the answer") }?;
        // SAFETY: the caller's promise, passed on.
        let account = unsafe { handle::borrow::<Account>(account) }?;
        let state = account
            .core
            .state(account.id)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "no state is kept of this account"))?;
        let shown = make(account, &state)?.give();
        // SAFETY: a place for a pointer, see above.
        unsafe { input::put(out, shown) };
        Ok(())
    })
}

/// Takes back what was given.
///
/// # Safety
/// `view` is NULL or was given by [`Shown::give`].
unsafe fn free<V>(view: *mut V) {
    guard(|| {
        // SAFETY: the caller's promise, passed on.
        unsafe { shown::free(view) };
        Ok(())
    });
}

fn known<'a>(state: &'a ConnectionState, id: &str) -> Result<&'a ChannelState, Error> {
    state.channels.get(id).ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            format!("no channel is known as `{}`", id.escape_debug()),
        )
    })
}

fn shown_state(state: &ConnectionState) -> Shown<kaiwa_state> {
    Shown::new(|arena| kaiwa_state {
        protocol: arena.text(&state.protocol_name),
        status: match state.status {
            ConnectionStatus::Disconnected => {
                kaiwa_connection_status::KAIWA_CONNECTION_DISCONNECTED
            }
            ConnectionStatus::Connecting => kaiwa_connection_status::KAIWA_CONNECTION_CONNECTING,
            ConnectionStatus::Connected => kaiwa_connection_status::KAIWA_CONNECTION_CONNECTED,
            _ => kaiwa_connection_status::KAIWA_CONNECTION_NONE,
        },
        user_id: arena.optional(state.current_user_id.as_deref()),
        current_channel_id: arena.optional(state.current_channel.as_deref()),
        last_error: match &state.last_error {
            Some(error) => {
                let error = view::error(arena, error);
                arena.put(error)
            }
            None => std::ptr::null(),
        },
        contacts: view::list(arena, state.contacts.iter(), |arena, (id, kind)| {
            contact(arena, state, id, *kind)
        }),
        contacts_len: state.contacts.len(),
        values: values(arena, &state.data),
        values_len: state.data.len(),
        left_out: state.left_out,
    })
}

fn contact(arena: &mut Arena, state: &ConnectionState, id: &str, kind: Contact) -> kaiwa_contact {
    let (presence, presence_text) = presence(arena, state, id);
    kaiwa_contact {
        user_id: arena.text(id),
        kind: match kind {
            Contact::Asked => kaiwa_contact_kind::KAIWA_CONTACT_ASKED,
            Contact::Asking => kaiwa_contact_kind::KAIWA_CONTACT_ASKING,
            Contact::Confirmed => kaiwa_contact_kind::KAIWA_CONTACT_CONFIRMED,
            _ => kaiwa_contact_kind::KAIWA_CONTACT_NONE,
        },
        presence,
        presence_text,
    }
}

fn presence(arena: &mut Arena, state: &ConnectionState, id: &str) -> (kaiwa_presence, kaiwa_str) {
    match state.presence.get(id) {
        Some(said) => (
            view::presence(said.presence),
            arena.optional(said.text.as_deref()),
        ),
        None => (kaiwa_presence::KAIWA_PRESENCE_NONE, kaiwa_str::NONE),
    }
}

fn values(arena: &mut Arena, data: &Map<String, Value>) -> *const *const kaiwa_value {
    view::list(arena, data.iter(), |arena, (key, value)| kaiwa_value {
        key: arena.text(key),
        json: arena.text(&value.to_string()),
    })
}

fn channel(arena: &mut Arena, state: &ChannelState) -> kaiwa_channel_state {
    let channel = view::channel(arena, &state.channel);
    kaiwa_channel_state {
        channel: arena.put(channel),
        topic: arena.optional(state.topic.as_deref()),
        parent_id: arena.optional(state.parent.as_deref()),
        members_len: state.users.len(),
        messages_len: state.messages.len(),
        values: values(arena, &state.data),
        values_len: state.data.len(),
    }
}

fn member(
    arena: &mut Arena,
    state: &ConnectionState,
    channel: Option<&ChannelState>,
    id: &str,
    user: &Profile,
) -> kaiwa_member {
    let (presence, presence_text) = presence(arena, state, id);
    let profile = view::profile(arena, user);
    let role = channel.and_then(|channel| channel.roles.get(id));
    let read = channel.and_then(|channel| channel.read.get(id));
    kaiwa_member {
        user_id: arena.text(id),
        role: view::role(role.copied().unwrap_or(Role::Member)),
        typing: channel.is_some_and(|channel| channel.typing.contains_key(id)),
        presence,
        presence_text,
        read_message_id: arena.optional(read.map(Id::as_str)),
        profile: arena.put(profile),
    }
}
