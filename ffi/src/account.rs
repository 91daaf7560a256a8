//! Accounts: which network, the login, and the connection.

use std::ffi::c_void;
use std::future::Future as _;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use kaiwa_core::client::AccountId;
use kaiwa_core::{AuthField, Client as Core, Connection, Error};
use kaiwa_protocols::registry::Entry;
use tokio::runtime::Handle as RuntimeHandle;

use crate::client::{Client, kaiwa_client};
use crate::kinds::kaiwa_event_kind;
use crate::login::{self, Login};
use crate::pump::{Pump, Userdata};
use crate::raw::handle::{self, Handle};
use crate::raw::{input, invalid, text};
use crate::status::{guard, guard_or, kaiwa_status};
use crate::text::kaiwa_str;

/// An account of a client.
#[derive(Debug)]
pub struct kaiwa_account {
    _opaque: [u8; 0],
}

/// A filled field of a login form.
///
/// Since 0.1.0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kaiwa_login_field {
    /// The name of the field in the network's form.
    pub name: kaiwa_str,
    /// What is put in.
    pub value: kaiwa_str,
}

/// What is behind an account's handle. It outlives its client, and then only says that.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) core: Core,
    pub(crate) id: AccountId,
    entry: &'static Entry,
    /// As far as it is filled.
    form: Mutex<Vec<AuthField>>,
    runtime: RuntimeHandle,
    pump: Arc<Pump>,
    userdata: Arc<Userdata>,
}

impl Handle for Account {
    type Opaque = kaiwa_account;
    const TAG: u64 = u64::from_le_bytes(*b"kwaccnt\x01");
    const NAME: &'static str = "account";
}

/// Adds an account of a network to a client. `fields` (`fields_len` of them) fill its login form; what is left out has the
/// form's default. The account stays down until `kaiwa_account_connect`. Free it with `kaiwa_account_free`; strings are copied.
///
/// Any thread. `KAIWA_ERR_NOT_FOUND` for an unknown network, `KAIWA_ERR_INVALID` for a field that the form does not have and for
/// a required one that is left out, `KAIWA_ERR_STATE` after a shutdown. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_new(
    client: *mut kaiwa_client,
    protocol: kaiwa_str,
    fields: *const kaiwa_login_field,
    fields_len: usize,
    account_out: *mut *mut kaiwa_account,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: a place for a handle, or NULL.
        unsafe { input::clear(account_out, "account_out") }?;
        // SAFETY: a client's handle.
        let client = unsafe { handle::borrow::<Client>(client) }?;
        // SAFETY: the caller's string.
        let protocol = unsafe { text::read(protocol, "protocol") }?;
        // SAFETY: the caller's array of fields.
        let values = unsafe { values(fields, fields_len) }?;
        let account = Account::new(client, Login::new(protocol, &values)?)?;
        // SAFETY: a place for a handle, see above.
        unsafe { input::put(account_out, handle::give(account)) };
        Ok(())
    })
}

/// Like `kaiwa_account_new`, from an account in JSON (`Account` in events.schema.json). Its `autoconnect` is for the
/// application.
///
/// Any thread. Statuses as in `kaiwa_account_new`. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_new_from_json(
    client: *mut kaiwa_client,
    json: kaiwa_str,
    account_out: *mut *mut kaiwa_account,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: a place for a handle, or NULL.
        unsafe { input::clear(account_out, "account_out") }?;
        // SAFETY: a client's handle.
        let client = unsafe { handle::borrow::<Client>(client) }?;
        // SAFETY: the caller's string.
        let json = unsafe { text::read(json, "json") }?;
        let account = Account::new(client, Login::from_json(json)?)?;
        // SAFETY: a place for a handle, see above.
        unsafe { input::put(account_out, handle::give(account)) };
        Ok(())
    })
}

/// Disconnects an account and removes it from its client; it does not wait for that. Events that wait, and those of the closing,
/// still come, with a NULL `account_userdata`. NULL is allowed; before or after its client, and from any callback of the pump. In
/// a forked child it does nothing.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_free(account: *mut kaiwa_account) {
    guard(|| {
        // SAFETY: a handle that the caller does not use any more, or NULL.
        if let Some(account) = unsafe { handle::take::<Account>(account) }? {
            account.remove();
        }
        Ok(())
    });
}

/// The number of an account, which its events carry; unique within the client and never 0. 0 for a handle that is none.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_id(account: *const kaiwa_account) -> u64 {
    guard_or(0, || {
        // SAFETY: an account's handle.
        let account = unsafe { handle::borrow::<Account>(account) }?;
        Ok(account.id.get())
    })
}

/// Hangs something of the caller's on an account; its events carry it as `account_userdata`. The library does not look at it.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_set_userdata(
    account: *mut kaiwa_account,
    userdata: *mut c_void,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: an account's handle.
        let account = unsafe { handle::borrow::<Account>(account) }?;
        account.userdata.store(userdata, Ordering::Release);
        Ok(())
    })
}

/// What `kaiwa_account_set_userdata` set; NULL before.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_userdata(account: *const kaiwa_account) -> *mut c_void {
    guard_or(std::ptr::null_mut(), || {
        // SAFETY: an account's handle.
        let account = unsafe { handle::borrow::<Account>(account) }?;
        Ok(account.userdata.load(Ordering::Acquire))
    })
}

/// Fills the login form anew; it holds from the next attempt to connect. What is left out has the form's default.
///
/// Any thread. `KAIWA_ERR_INVALID` as in `kaiwa_account_new`; then the form stays as it was. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_set_fields(
    account: *mut kaiwa_account,
    fields: *const kaiwa_login_field,
    fields_len: usize,
) -> kaiwa_status {
    guard(|| {
        // SAFETY: an account's handle.
        let account = unsafe { handle::borrow::<Account>(account) }?;
        // SAFETY: the caller's array of fields.
        let values = unsafe { values(fields, fields_len) }?;
        *account.form() = AuthField::filled(login::fill(account.entry, &values)?);
        Ok(())
    })
}

/// Connects an account and keeps it connected from now on, with growing pauses between attempts; what comes of it are events
/// (`KAIWA_EVENT_STATUS_CONNECTING`, then `…_CONNECTED`, or `…_LOST` and `…_DISCONNECTED`). Wrong credentials and bans end it.
///
/// Any thread. `KAIWA_ERR_STATE` after a shutdown. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_connect(account: *mut kaiwa_account) -> kaiwa_status {
    guard(|| {
        // SAFETY: an account's handle.
        let account = unsafe { handle::borrow::<Account>(account) }?;
        let form = account.form().clone();
        account.core.connect(account.id, form)
    })
}

/// Disconnects an account and lets it stay down; it does not wait for that. What is open has failed before
/// `KAIWA_EVENT_STATUS_DISCONNECTED` comes.
///
/// Any thread. `KAIWA_ERR_STATE` after a shutdown. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_disconnect(account: *mut kaiwa_account) -> kaiwa_status {
    guard(|| {
        // SAFETY: an account's handle.
        let account = unsafe { handle::borrow::<Account>(account) }?;
        // The first look gives the order, and keeps it before whatever the caller orders next.
        let order = pin!(account.core.disconnect(account.id));
        match order.poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(ended) => ended,
            std::task::Poll::Pending => Ok(()),
        }
    })
}

/// Whether an account can send events of a kind (a `kaiwa_event_kind`), as far as is known now.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kaiwa_account_can_send(account: *const kaiwa_account, kind: i32) -> bool {
    guard_or(false, || {
        // SAFETY: an account's handle.
        let account = unsafe { handle::borrow::<Account>(account) }?;
        let kind = kaiwa_event_kind::kind(kind)
            .ok_or_else(|| invalid(format!("no kind of event has the number {kind}")))?;
        Ok(account.core.capabilities(account.id)?.can_send(kind))
    })
}

impl Account {
    fn new(client: &Client, login: Login) -> Result<Self, Error> {
        let connection = (login.entry.connect)();
        Self::over(client, login, connection)
    }

    pub(crate) fn over(
        client: &Client,
        login: Login,
        connection: Box<dyn Connection>,
    ) -> Result<Self, Error> {
        let Login { entry, form } = login;
        let inside = client.runtime.enter();
        let id = client.core.add(connection)?;
        drop(inside);
        Ok(Self {
            core: client.core.clone(),
            id,
            entry,
            form: Mutex::new(AuthField::filled(form)),
            runtime: client.runtime.clone(),
            pump: Arc::clone(&client.pump),
            userdata: client.pump.userdata(id.get()),
        })
    }

    fn form(&self) -> MutexGuard<'_, Vec<AuthField>> {
        self.form.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self) {
        self.pump.forget(self.id.get());
        let (core, id) = (self.core.clone(), self.id);
        // After a shutdown it has been removed already.
        self.runtime.spawn(async move { core.remove(id).await });
    }
}

/// The caller's fields.
///
/// # Safety
/// `fields` has this length, and its strings theirs.
unsafe fn values<'a>(
    fields: *const kaiwa_login_field,
    len: usize,
) -> Result<Vec<(&'a str, &'a str)>, Error> {
    // SAFETY: the caller's promise, passed on.
    let fields = unsafe { input::list(fields, len, "fields") }?;
    let value = |field: &kaiwa_login_field| {
        // SAFETY: the caller's string.
        let name = unsafe { text::read(field.name, "the name of a field") }?;
        // SAFETY: the caller's string.
        let value = unsafe { text::read(field.value, name) }?;
        Ok((name, value))
    };
    fields.iter().map(value).collect()
}
