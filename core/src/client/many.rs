//! Many accounts behind one stream of events.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::account::Shared;
use super::supervisor::{Command, Supervisor};
use super::{AccountId, AccountSnapshot, ClientEvents, ConnectionState, Event, StateClient};
use crate::queue::{CommandSender, Mailbox, QueueLimits, Receiver, commands};
use crate::{
    AuthField, Capabilities, Connection, ConnectionEvent, Counters, Error, ErrorKind, Protocol,
    RequestId, Statistics,
};

/// How a client works.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientOptions {
    /// Whether to keep the state of each account. Default: yes.
    pub keep_state: bool,
    /// How much may wait per account and subscriber before reading pauses.
    pub queue: QueueLimits,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            keep_state: true,
            queue: QueueLimits::default(),
        }
    }
}

/// Many accounts behind one stream of events.
///
/// Each account has a task that connects it, reconnects it (exponential backoff with full jitter; not after authentication
/// failures and bans), and keeps its outbox. One account's failure, slowness or flood does not delay another's events.
/// Clones share the same accounts; when the last is dropped, the connections are closed. Methods need a tokio runtime
/// around them only where they say so.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    options: ClientOptions,
    states: Option<StateClient>,
    next: AtomicU64,
    accounts: Mutex<Accounts>,
}

#[derive(Default)]
struct Accounts {
    list: BTreeMap<AccountId, Entry>,
    /// Those who will see new accounts too.
    subscribers: Vec<Arc<Mailbox<Event>>>,
    shut_down: bool,
}

struct Entry {
    shared: Arc<Shared>,
    counters: Arc<Counters>,
    commands: CommandSender<Command>,
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// A client without accounts, with default options.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(ClientOptions::default())
    }

    /// A client without accounts.
    #[must_use]
    pub fn with_options(options: ClientOptions) -> Self {
        Self {
            inner: Arc::new(Inner {
                states: options.keep_state.then(StateClient::new),
                options,
                next: AtomicU64::new(1),
                accounts: Mutex::default(),
            }),
        }
    }

    /// Adds an account; it stays down until [`Client::connect`].
    ///
    /// # Errors
    /// [`ErrorKind::State`] after [`Client::shutdown`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn add(&self, connection: Box<dyn Connection>) -> Result<AccountId, Error> {
        let mut accounts = self.inner.lock();
        if accounts.shut_down {
            return Err(shut_down());
        }
        let id = AccountId(self.inner.next.fetch_add(1, Ordering::Relaxed));
        let shared = Arc::new(Shared::new(
            id,
            accounts.share(connection.protocol_spec()),
            connection.capabilities(),
            self.inner.options.queue,
            self.inner.states.clone(),
        ));
        accounts.subscribers.retain(|mailbox| !mailbox.is_gone());
        for mailbox in &accounts.subscribers {
            shared.attach(mailbox);
        }
        let (commands, receiver) = commands();
        let counters = connection.counters();
        let supervisor = Supervisor::new(Arc::clone(&shared), connection, receiver);
        tokio::spawn(supervisor.run());
        let entry = Entry {
            shared,
            counters,
            commands,
        };
        accounts.list.insert(id, entry);
        Ok(id)
    }

    /// Connects an account and keeps it connected from now on; what comes of it are events.
    ///
    /// An account that waits for its next attempt tries at once with the new form; one that is connecting or connected uses
    /// it from its next attempt on. What is kept, and handed to the connection, is [`AuthField::filled`].
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub fn connect(&self, account: AccountId, auth: Vec<AuthField>) -> Result<(), Error> {
        let accounts = self.inner.lock();
        let entry = accounts.get(account)?;
        entry.shared.want();
        let auth = AuthField::filled(auth);
        entry.order(Command::Connect { auth })
    }

    /// Disconnects an account and lets it stay down; waits until that is done. What waits in its outbox has failed then.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    ///
    /// # Cancel safety
    /// Dropping the future lets the closing go on by itself.
    pub async fn disconnect(&self, account: AccountId) -> Result<(), Error> {
        let (done, wait) = oneshot::channel();
        self.inner
            .lock()
            .get(account)?
            .order(Command::Disconnect { done: Some(done) })?;
        // The task ends only with the account.
        let _ = wait.await;
        Ok(())
    }

    /// Disconnects an account and forgets it; its state is gone afterwards.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn remove(&self, account: AccountId) -> Result<(), Error> {
        self.disconnect(account).await?;
        let entry = self.inner.lock().list.remove(&account);
        if let Some(entry) = entry {
            entry.shared.forget_state();
        }
        Ok(())
    }

    /// Hands over what the user wants. Answers at once; what came of it are events with the request's id.
    ///
    /// A message is echoed before this returns, and waits while the account is connecting or down between attempts.
    ///
    /// # Errors
    /// `NotFound` for the account; `Unsupported`, `Invalid`, `TooLong`, `State` or `Full`; then no event follows.
    pub fn send(&self, account: AccountId, event: ConnectionEvent) -> Result<RequestId, Error> {
        let shared = Arc::clone(&self.inner.lock().get(account)?.shared);
        shared.send(event)
    }

    /// Every event of every account from now on, also of accounts added later; any number of subscribers.
    #[must_use]
    pub fn subscribe(&self) -> ClientEvents {
        self.subscribe_each(|shared, mailbox| shared.attach(mailbox))
    }

    /// Like [`Client::subscribe`], with what each account had come to: the stream follows on it without a hole. Without
    /// [`ClientOptions::keep_state`] there is nothing to give, and the list is empty.
    #[must_use]
    pub fn subscribe_with_state(&self) -> (Vec<AccountSnapshot>, ClientEvents) {
        let mut snapshots = Vec::new();
        let events = self.subscribe_each(|shared, mailbox| {
            snapshots.extend(shared.attach_with_state(mailbox));
        });
        (snapshots, events)
    }

    fn subscribe_each(
        &self,
        mut attach: impl FnMut(&Shared, &Arc<Mailbox<Event>>),
    ) -> ClientEvents {
        let mailbox = Mailbox::open();
        let mut accounts = self.inner.lock();
        for entry in accounts.list.values() {
            attach(&entry.shared, &mailbox);
        }
        if accounts.shut_down {
            mailbox.seal();
        }
        accounts.subscribers.retain(|mailbox| !mailbox.is_gone());
        accounts.subscribers.push(Arc::clone(&mailbox));
        ClientEvents {
            receiver: Receiver::new(&mailbox),
        }
    }

    /// What an account has come to; a copy that costs nothing and no longer changes. `None` for an unknown account, or
    /// without [`ClientOptions::keep_state`].
    #[must_use]
    pub fn state(&self, account: AccountId) -> Option<ConnectionState> {
        self.inner.states.as_ref()?.snapshot(&account.to_string())
    }

    /// The states of all accounts, under their numbers as ids; `None` without [`ClientOptions::keep_state`].
    #[must_use]
    pub fn states(&self) -> Option<&StateClient> {
        self.inner.states.as_ref()
    }

    /// What an account's network can do, as far as is known now.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub fn capabilities(&self, account: AccountId) -> Result<Capabilities, Error> {
        Ok(self.inner.lock().get(account)?.shared.capabilities())
    }

    /// What an account's connection has counted, over all its attempts to connect.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub fn statistics(&self, account: AccountId) -> Result<Statistics, Error> {
        Ok(self.inner.lock().get(account)?.counters.read())
    }

    /// The network of an account.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub fn protocol(&self, account: AccountId) -> Result<Protocol, Error> {
        Ok(self
            .inner
            .lock()
            .get(account)?
            .shared
            .protocol
            .as_ref()
            .clone())
    }

    /// The accounts there are.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountId> {
        self.inner.lock().list.keys().copied().collect()
    }

    /// The machine's network has changed: accounts that wait for their next attempt try at once.
    pub fn network_changed(&self) {
        for entry in self.inner.lock().list.values() {
            let _ = entry.order(Command::NetworkChanged);
        }
    }

    /// Disconnects every account, all at once, and ends every stream after what is queued.
    pub async fn shutdown(&self) {
        let waits: Vec<_> = {
            let mut accounts = self.inner.lock();
            accounts.shut_down = true;
            accounts
                .list
                .values()
                .map(|entry| {
                    let (done, wait) = oneshot::channel();
                    let _ = entry.order(Command::Disconnect { done: Some(done) });
                    wait
                })
                .collect()
        };
        for wait in waits {
            let _ = wait.await;
        }
        let mut accounts = self.inner.lock();
        accounts.list.clear();
        accounts.seal();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Accounts {
    fn get(&self, account: AccountId) -> Result<&Entry, Error> {
        if self.shut_down {
            return Err(shut_down());
        }
        self.list.get(&account).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("no account has the number {account}"),
            )
        })
    }

    /// The login form of accounts on the same network is kept once.
    fn share(&mut self, protocol: Protocol) -> Arc<Protocol> {
        let mut known = self.list.values().rev().map(|entry| &entry.shared.protocol);
        match known.find(|known| ***known == protocol) {
            Some(known) => Arc::clone(known),
            None => Arc::new(protocol),
        }
    }

    fn seal(&mut self) {
        for mailbox in self.subscribers.drain(..) {
            mailbox.seal();
        }
    }
}

impl Drop for Accounts {
    fn drop(&mut self) {
        self.seal();
    }
}

impl Entry {
    fn order(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).map_err(|_| shut_down())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("accounts", &self.inner.lock().list.keys())
            .finish_non_exhaustive()
    }
}

fn shut_down() -> Error {
    Error::new(ErrorKind::State, "the client has been shut down")
}
