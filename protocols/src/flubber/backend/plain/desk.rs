//! The desk: requests in, wishes out. It waits for nothing and opens nothing.

use std::collections::{BTreeMap, VecDeque};

use super::super::files::Stored;
use super::super::host::Asked;
use super::super::{failure, ids, refusal};
use super::lookup;
use super::said;
use super::told::Told;
use crate::client::{ConnectionState, Event};
use crate::flubber::wire::{AnswerBody, NewMessage, Request, RequestBody, Update};
use crate::{
    Capabilities, Channel, ChannelEvent, ChannelType, ChatEvent, ConnectionEvent, Error, ErrorInfo,
    ErrorKind, EventKind, Id, RequestId, StatusEvent,
};

/// Requests that wait until the network has told all, or for its answer, and bytes of those that wait: as many messages as a
/// client keeps, and two large files.
const MAX_REQUESTS: usize = 1_000;
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// How many older messages a request for them brings: what a screen or two show.
const OLDER_MESSAGES: u32 = 50;

/// Sits between a host and a client.
#[derive(Debug)]
pub(super) struct Desk {
    state: ConnectionState,
    capabilities: Capabilities,
    told: Told,
    arrival: Arrival,
    /// Asked before the network has told all.
    waiting: VecDeque<(Asked, Vec<Stored>)>,
    waiting_bytes: usize,
    /// Asked of the network.
    open: BTreeMap<RequestId, Order>,
    wishes: VecDeque<Wish>,
    end: Option<Error>,
}

/// Whether the network has told all of before. It tells at sign-in what there is, and no event says that this was all; so it
/// is asked for a sign of life, which it gives after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrival {
    Away,
    Asked,
    There,
}

/// What the desk wants done.
#[derive(Debug)]
pub(super) enum Wish {
    Update(Update),
    Answer(u32, AnswerBody),
    /// [`Desk::accepted`] or [`Desk::refused`] tells what came of it.
    Send(Order, Box<ConnectionEvent>),
}

/// Something asked of the network.
#[derive(Debug)]
pub(super) struct Order {
    /// The host's request; `None` for the desk's own question for a sign of life.
    number: Option<u32>,
    what: What,
    /// Files that go along, as long as they are needed.
    _files: Vec<Stored>,
}

/// What the answer will be made of.
#[derive(Debug)]
enum What {
    Ping,
    Success,
    /// A room of this name is looked for.
    Directory {
        name: String,
        found: Option<Id>,
    },
    Room {
        found: Option<Id>,
    },
    /// A channel with one person, to say this in.
    Direct {
        found: Option<Id>,
        new: NewMessage,
        files: Vec<Stored>,
    },
    Message {
        channel_id: Id,
        found: Option<Id>,
    },
}

impl Desk {
    pub(super) fn new(protocol: &str, capabilities: Capabilities) -> Self {
        Self {
            state: ConnectionState::new(String::new(), protocol.to_owned()),
            capabilities,
            told: Told::default(),
            arrival: Arrival::Away,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            open: BTreeMap::new(),
            wishes: VecDeque::new(),
            end: None,
        }
    }

    pub(super) fn wish(&mut self) -> Option<Wish> {
        self.wishes.pop_front()
    }

    /// Why nothing more will come of the connection.
    pub(super) fn take_end(&mut self) -> Option<Error> {
        self.end.take()
    }

    /// Whether every request has its answer.
    pub(super) fn is_idle(&self) -> bool {
        let asked = |order: &Order| order.number.is_some();
        self.waiting.is_empty() && !self.open.values().any(asked)
    }

    /// Whether the connection has stood.
    pub(super) fn has_signed_in(&self) -> bool {
        self.arrival != Arrival::Away
    }

    pub(super) fn takes_files(&self) -> bool {
        self.capabilities.max_file_bytes.is_some()
    }

    /// Takes a request, with the files that go along with its message.
    pub(super) fn take(&mut self, asked: Asked, files: Vec<Stored>) {
        if self.waiting.len() + self.open.len() >= MAX_REQUESTS
            || self.waiting_bytes + asked.bytes > MAX_BYTES
        {
            let full = refusal(ErrorKind::Full, "too many requests wait for their answers");
            return self.answer(asked.request.sequence_number, full);
        }
        if self.arrival == Arrival::There {
            return self.serve(asked.request, files);
        }
        self.waiting_bytes += asked.bytes;
        self.waiting.push_back((asked, files));
    }

    /// Follows an event.
    pub(super) fn note(&mut self, event: Event) {
        let Event { request, event, .. } = event;
        let mut updates = Vec::new();
        self.told.before(&self.state, &event, &mut updates);
        self.state.apply(&event);
        self.told
            .after(&self.state, &self.capabilities, &event, &mut updates);
        self.wishes.extend(updates.into_iter().map(Wish::Update));
        if let Some(order) = request.and_then(|request| self.open.get_mut(&request)) {
            order.what.learn(&event);
        }
        if let ConnectionEvent::Status { event } = event {
            self.note_status(event);
        }
    }

    /// The network has taken an order.
    pub(super) fn accepted(&mut self, request: RequestId, order: Order) {
        self.open.insert(request, order);
    }

    /// The network does not take an order.
    pub(super) fn refused(&mut self, order: &Order, error: ErrorInfo) {
        match order.number {
            Some(number) => self.answer(number, failure(error)),
            // A network that gives no signs of life has told all when it is connected; if it is lost, that is told too.
            None => self.arrived(),
        }
    }

    fn note_status(&mut self, event: StatusEvent) {
        match event {
            StatusEvent::Connected { .. } => {
                self.arrival = Arrival::Asked;
                let ping = StatusEvent::Ping { artifact: None };
                self.send(None, What::Ping, ping.into());
            }
            StatusEvent::Capabilities { capabilities } => self.capabilities = capabilities,
            // A host starts a backend again by rules of its own; one that tried by itself would hide from it that it is down.
            StatusEvent::Lost { error, .. } => {
                for (asked, _) in std::mem::take(&mut self.waiting) {
                    self.answer(asked.request.sequence_number, failure(error.clone()));
                }
                self.end = Some(error.into());
            }
            StatusEvent::Done { request } => {
                if let Some(order) = self.open.remove(&request) {
                    self.done(order);
                }
            }
            StatusEvent::Failed { request, error } => match self.open.remove(&request) {
                Some(Order {
                    number: Some(number),
                    ..
                }) => self.answer(number, failure(error)),
                Some(_) if self.arrival == Arrival::Asked => self.arrived(),
                _ => {}
            },
            StatusEvent::Overrun => {
                let text = "events came faster than they were taken";
                self.end = Some(Error::new(ErrorKind::Internal, text));
            }
            _ => {}
        }
    }

    /// An order is carried out.
    fn done(&mut self, order: Order) {
        let Some(number) = order.number else {
            return self.arrived();
        };
        let body = match order.what {
            What::Ping | What::Success => AnswerBody::Success,
            What::Directory { name, found } => match found {
                Some(id) => AnswerBody::RoomID(ids::room(&id)),
                None => lookup::unknown_name(&name),
            },
            What::Room { found: Some(id) } => AnswerBody::RoomID(ids::room(&id)),
            What::Direct {
                found: Some(id),
                new,
                files,
            } => return self.say(number, id, new, files),
            What::Message {
                channel_id,
                found: Some(id),
            } => AnswerBody::MessageID(ids::message(&channel_id, &id)),
            What::Room { found: None }
            | What::Direct { found: None, .. }
            | What::Message { found: None, .. } => refusal(
                ErrorKind::OutcomeUnknown,
                "it is done, but the network does not say which id it has",
            ),
        };
        self.answer(number, body);
    }

    /// The network has told all of before.
    fn arrived(&mut self) {
        if self.arrival != Arrival::Asked {
            return;
        }
        self.arrival = Arrival::There;
        self.waiting_bytes = 0;
        for (asked, files) in std::mem::take(&mut self.waiting) {
            self.serve(asked.request, files);
        }
    }

    fn serve(&mut self, request: Request, files: Vec<Stored>) {
        let number = request.sequence_number;
        match request.body {
            RequestBody::RoomLookup(name) => self.look_up(number, name),
            RequestBody::RoomGet(room) => {
                let room = self.told.room(&room).map(AnswerBody::Room);
                self.answer(number, room.unwrap_or_else(no_room));
            }
            RequestBody::RoomCreate {
                name,
                parent,
                sendable,
            } => self.create(number, name, parent.as_deref(), sendable),
            RequestBody::RoomJoin(room) => self.join(number, &room),
            RequestBody::RoomLeave(room) => match ids::channel(&room).map(Id::from) {
                Some(channel_id) => {
                    let leave = ChannelEvent::Leave { channel_id };
                    self.send(Some(number), What::Success, leave.into());
                }
                None => self.answer(number, no_room()),
            },
            RequestBody::MessageGet(id) => {
                let message = self.message(&id);
                self.answer(number, message.unwrap_or_else(no_message));
            }
            RequestBody::MessageGetBefore(id) => self.older(number, &id),
            RequestBody::MessageSend(new) => self.deliver(number, new, files),
            RequestBody::Kaiwa(_) => {
                let why = format!(
                    "the type Kaiwa needs {}=1 in the environment",
                    super::super::ENV
                );
                self.answer(number, refusal(ErrorKind::Unsupported, why));
            }
        }
    }

    fn look_up(&mut self, number: u32, name: String) {
        let mut channels = lookup::called(&self.state, &name);
        match (channels.pop(), channels.is_empty()) {
            (Some(id), true) => self.answer(number, AnswerBody::RoomID(ids::room(&id))),
            (Some(_), false) => self.answer(number, lookup::several(&name)),
            (None, _) if self.capabilities.can_send(EventKind::ChannelDirectory) => {
                let directory = ChannelEvent::Directory {
                    query: Some(lookup::bare(&name).to_owned()),
                    channels: Vec::new(),
                };
                let what = What::Directory { name, found: None };
                self.send(Some(number), what, directory.into());
            }
            (None, _) => self.answer(number, lookup::unknown_name(&name)),
        }
    }

    fn create(&mut self, number: u32, name: String, parent: Option<&str>, sendable: bool) {
        let parent_id = match parent.map(ids::channel) {
            Some(None) => return self.answer(number, no_room()),
            Some(Some(id)) => Some(id.into()),
            None => None,
        };
        let channel = Channel {
            id: Id::from(&name),
            name: Some(name),
            channel_type: if sendable {
                ChannelType::Group
            } else {
                ChannelType::Space
            },
        };
        let event = if self.capabilities.can_send(EventKind::ChannelCreate) || parent_id.is_some() {
            ChannelEvent::Create {
                parent_id,
                channel,
                public: true,
            }
        } else {
            ChannelEvent::New { channel }
        };
        self.send(Some(number), What::Room { found: None }, event.into());
    }

    /// Where a network knows no joining, the user is in all that there is.
    fn join(&mut self, number: u32, room: &str) {
        let Some(channel_id) = ids::channel(room).map(Id::from) else {
            return self.answer(number, no_room());
        };
        if self.capabilities.can_send(EventKind::ChannelJoin) {
            let join = ChannelEvent::Join { channel_id };
            return self.send(Some(number), What::Success, join.into());
        }
        let known = self.state.channels.contains_key(&channel_id);
        self.answer(
            number,
            if known {
                AnswerBody::Success
            } else {
                no_room()
            },
        );
    }

    fn message(&self, id: &str) -> Option<AnswerBody> {
        let (channel_id, message_id) = ids::in_channel(id)?;
        let messages = &self.state.channels.get(&channel_id)?.messages;
        let message = said::message(&self.state, &channel_id, messages.get(message_id)?)?;
        Some(AnswerBody::Message(Box::new(message)))
    }

    /// The messages themselves are events, and so updates.
    fn older(&mut self, number: u32, id: &str) {
        let Some((channel_id, message_id)) = ids::in_channel(id) else {
            return self.answer(number, no_message());
        };
        let history = ChatEvent::RequestHistory {
            channel_id: Some(channel_id),
            before: Some(message_id.into()),
            limit: OLDER_MESSAGES,
        };
        self.send(Some(number), What::Success, history.into());
    }

    fn deliver(&mut self, number: u32, new: NewMessage, files: Vec<Stored>) {
        if let Some(channel_id) = ids::channel(&new.recipient) {
            return self.say(number, channel_id.into(), new, files);
        }
        let Some(user_id) = ids::person(&new.recipient).map(Id::from) else {
            let why = "the recipient is neither a room nor a user of this backend";
            return self.answer(number, refusal(ErrorKind::NotFound, why));
        };
        let channel = Channel {
            id: user_id,
            name: None,
            channel_type: ChannelType::Direct,
        };
        let what = What::Direct {
            found: None,
            new,
            files,
        };
        self.send(Some(number), what, ChannelEvent::New { channel }.into());
    }

    fn say(&mut self, number: u32, channel_id: Id, new: NewMessage, files: Vec<Stored>) {
        let message = said::new(&self.state, new, &files);
        let event = ChatEvent::New {
            channel_id: Some(channel_id.clone()),
            message,
        };
        let order = Order {
            number: Some(number),
            what: What::Message {
                channel_id,
                found: None,
            },
            _files: files,
        };
        self.wishes
            .push_back(Wish::Send(order, Box::new(event.into())));
    }

    fn send(&mut self, number: Option<u32>, what: What, event: ConnectionEvent) {
        let order = Order {
            number,
            what,
            _files: Vec::new(),
        };
        self.wishes.push_back(Wish::Send(order, Box::new(event)));
    }

    fn answer(&mut self, number: u32, body: AnswerBody) {
        self.wishes.push_back(Wish::Answer(number, body));
    }
}

impl What {
    /// Takes from an event that the order has caused what its answer needs.
    fn learn(&mut self, event: &ConnectionEvent) {
        match (self, event) {
            (
                Self::Room { found } | Self::Direct { found, .. },
                ConnectionEvent::Channel {
                    event: ChannelEvent::New { channel },
                },
            ) => *found = Some(channel.id.clone()),
            (
                Self::Directory { name, found },
                ConnectionEvent::Channel {
                    event: ChannelEvent::Directory { channels, .. },
                },
            ) => {
                *found = channels
                    .iter()
                    .find(|channel| lookup::is_called(channel, name))
                    .map(|channel| channel.id.clone());
            }
            (
                Self::Message { channel_id, found },
                ConnectionEvent::Chat {
                    event:
                        ChatEvent::Update {
                            channel_id: at,
                            new_message,
                            ..
                        },
                },
            ) => {
                if let Some(at) = at {
                    channel_id.clone_from(at);
                }
                found.clone_from(&new_message.id);
            }
            _ => {}
        }
    }
}

/// The answer to a message with files where the network takes none.
pub(super) fn no_files() -> AnswerBody {
    refusal(
        ErrorKind::Unsupported,
        "this network takes no files along with messages",
    )
}

fn no_room() -> AnswerBody {
    refusal(ErrorKind::NotFound, "there is no room of this id")
}

fn no_message() -> AnswerBody {
    refusal(
        ErrorKind::NotFound,
        "no message of this id is kept here; older ones come with MessageGetBefore",
    )
}
