//! Which networks there are, as data.

use std::sync::OnceLock;

use kaiwa_core::{AuthField, FieldValue};
use kaiwa_protocols::Registry;
use kaiwa_protocols::registry::Entry;

use crate::raw::{Arena, Shown, input, shown, text};
use crate::status::{guard, guard_or, kaiwa_status};
use crate::text::kaiwa_str;
use crate::view::{self, kaiwa_capabilities};

/// A network: its name, its login form, and what it can do as far as is known before a sign-in.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_protocol {
    /// The name that `kaiwa_account_new` takes.
    pub name: kaiwa_str,
    /// A few words for a person.
    pub about: kaiwa_str,
    /// The login form.
    pub fields: *const *const kaiwa_field,
    /// How many `fields` there are.
    pub fields_len: usize,
    /// What it can do.
    pub capabilities: *const kaiwa_capabilities,
}

/// A field of a login form.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_field {
    /// What `kaiwa_login_field` calls it; unique within its form.
    pub name: kaiwa_str,
    /// What to show to a person; `name` where there is none.
    pub display: kaiwa_str,
    /// What it is for.
    pub kind: kaiwa_field_kind,
    /// What stands in it at first.
    pub value: kaiwa_str,
    /// Whether the form is incomplete without it.
    pub required: bool,
    /// Fields that belong together.
    pub fields: *const *const Self,
    /// How many `fields` there are.
    pub fields_len: usize,
}

/// What a field of a login form is for.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kaiwa_field_kind {
    /// This version has no number for it.
    KAIWA_FIELD_NONE = 0,
    /// Plain text.
    KAIWA_FIELD_TEXT = 1,
    /// A secret: do not show what is typed.
    KAIWA_FIELD_PASSWORD = 2,
    /// Fields that belong together: `fields`.
    KAIWA_FIELD_GROUP = 3,
}

/// A list of networks.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_protocol_list {
    /// The networks, by name.
    pub items: *const *const kaiwa_protocol,
    /// How many there are.
    pub len: usize,
}

/// The networks in this library. Static, never NULL.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn kaiwa_protocols() -> *const kaiwa_protocol_list {
    guard_or(std::ptr::null(), || Ok(all().as_ptr()))
}

/// The network of that name. Static.
///
/// Any thread. `KAIWA_ERR_NOT_FOUND`, naming those that there are. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_protocol_find(
    name: kaiwa_str,
    protocol_out: *mut *const kaiwa_protocol,
) -> kaiwa_status {
    guard(|| {
        let out = protocol_out.cast::<*mut kaiwa_protocol>();
        // SAFETY: a place for a pointer, or NULL.
        unsafe { input::clear(out, "protocol_out") }?;
        // SAFETY: the caller's string.
        let name = unsafe { text::read(name, "name") }?;
        let wanted = Registry::get(name)?.name;
        let at = Registry::all()
            .iter()
            .position(|entry| entry.name == wanted);
        // SAFETY: a list that lives for ever, in the registry's order.
        let found = unsafe { shown::item(all(), |list| list.items, at.unwrap_or_default()) };
        // SAFETY: as above.
        unsafe { input::put(protocol_out, found) };
        Ok(())
    })
}

fn all() -> &'static Shown<kaiwa_protocol_list> {
    static ALL: OnceLock<Shown<kaiwa_protocol_list>> = OnceLock::new();
    ALL.get_or_init(|| {
        Shown::new(|arena| kaiwa_protocol_list {
            items: view::list(arena, Registry::all(), protocol),
            len: Registry::all().len(),
        })
    })
}

fn protocol(arena: &mut Arena, entry: &Entry) -> kaiwa_protocol {
    let form = (entry.protocol)().auth.unwrap_or_default();
    let capabilities = view::capabilities(arena, &(entry.capabilities)());
    kaiwa_protocol {
        name: arena.text(entry.name),
        about: arena.text(entry.about),
        fields: view::list(arena, &form, field),
        fields_len: form.len(),
        capabilities: arena.put(capabilities),
    }
}

fn field(arena: &mut Arena, field: &AuthField) -> kaiwa_field {
    let inner: &[AuthField] = match &field.value {
        FieldValue::Group(inner) => inner,
        _ => &[],
    };
    kaiwa_field {
        name: arena.text(&field.name),
        display: arena.optional(field.display.as_deref()),
        kind: match &field.value {
            FieldValue::Text(_) => kaiwa_field_kind::KAIWA_FIELD_TEXT,
            FieldValue::Password(_) => kaiwa_field_kind::KAIWA_FIELD_PASSWORD,
            FieldValue::Group(_) => kaiwa_field_kind::KAIWA_FIELD_GROUP,
            _ => kaiwa_field_kind::KAIWA_FIELD_NONE,
        },
        value: arena.optional(field.value_str()),
        required: field.required,
        fields: view::list(arena, inner, self::field),
        fields_len: inner.len(),
    }
}
