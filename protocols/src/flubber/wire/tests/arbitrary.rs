//! Any cut gives the same values, and what is written is read as it was.

use std::fmt;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::{Value, json};

use super::reading::values;
use crate::flubber::wire::{
    AnswerBody, Attachment, Content, Failure, FromBackend, InitInfo, Message, NewMessage, Reader,
    Request, RequestBody, Room, Update,
};

fn word<T: From<String> + fmt::Debug>() -> impl Strategy<Value = T> {
    "\\PC{0,8}".prop_map(T::from)
}

fn extra() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({"a": [1, null]})),
        word::<String>().prop_map(Value::from)
    ]
}

fn content() -> impl Strategy<Value = Content> {
    let leaf = prop_oneof![
        word().prop_map(Content::Text),
        word().prop_map(Content::Emote),
        word().prop_map(Content::UrlLink),
        word().prop_map(Content::MessageLink),
        word().prop_map(Content::RoomLink),
        word().prop_map(Content::UserLink),
    ];
    leaf.prop_recursive(6, 24, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(Content::Bold),
            boxed.clone().prop_map(Content::Italic),
            boxed.clone().prop_map(Content::Underline),
            boxed.prop_map(Content::Crossout),
            vec(inner, 0..4).prop_map(Content::Concat),
        ]
    })
}

fn attachments() -> impl Strategy<Value = Vec<Attachment>> {
    let mime = prop_oneof![Just("image/png"), Just("text/plain; charset=utf-8")];
    let attachment = (vec(any::<u8>(), 0..9), mime).prop_map(|(data, mime)| Attachment {
        data,
        mime: mime.to_owned(),
    });
    vec(attachment, 0..3)
}

fn room() -> impl Strategy<Value = Room> {
    let fields = (word(), word(), option::of(word()), any::<bool>());
    fields.prop_map(|(id, name, parent, sendable)| Room {
        id,
        name,
        parent,
        sendable,
    })
}

fn message() -> impl Strategy<Value = Message> {
    let new = (attachments(), content(), extra(), word());
    let known = (any::<i64>(), any::<i64>(), word(), word());
    (new, known).prop_map(
        |((attachments, content, extra, recipient), (create_time, edit_time, id, sender))| {
            Message {
                attachments,
                content,
                create_time,
                edit_time,
                extra,
                id,
                recipient,
                sender,
            }
        },
    )
}

fn request() -> impl Strategy<Value = Request> {
    let create =
        (word(), option::of(word()), any::<bool>()).prop_map(|(name, parent, sendable)| {
            RequestBody::RoomCreate {
                name,
                parent,
                sendable,
            }
        });
    let send = message().prop_map(|message| {
        RequestBody::MessageSend(NewMessage {
            attachments: message.attachments,
            content: message.content,
            extra: message.extra,
            recipient: message.recipient,
        })
    });
    let body = prop_oneof![
        word().prop_map(RequestBody::RoomLookup),
        word().prop_map(RequestBody::RoomGet),
        create,
        word().prop_map(RequestBody::RoomJoin),
        word().prop_map(RequestBody::RoomLeave),
        word().prop_map(RequestBody::MessageGet),
        word().prop_map(RequestBody::MessageGetBefore),
        send,
    ];
    (body, any::<u32>()).prop_map(|(body, sequence_number)| Request {
        body,
        sequence_number,
    })
}

fn from_backend() -> impl Strategy<Value = FromBackend> {
    let failure = (extra(), word(), any::<bool>()).prop_map(|(debug_info, message, retry)| {
        AnswerBody::Error(Failure {
            debug_info,
            message,
            retry,
        })
    });
    let body = prop_oneof![
        Just(AnswerBody::Success),
        message().prop_map(|message| AnswerBody::Message(Box::new(message))),
        room().prop_map(AnswerBody::Room),
        word().prop_map(AnswerBody::MessageID),
        word().prop_map(AnswerBody::RoomID),
        failure,
    ];
    let answer = (body, any::<u32>()).prop_map(|(body, sequence_number)| FromBackend::Answer {
        body,
        sequence_number,
    });
    let update = prop_oneof![
        room().prop_map(Update::RoomUpsert),
        word().prop_map(Update::RoomDelete),
        message().prop_map(|message| Update::MessageUpsert(Box::new(message))),
        word().prop_map(Update::MessageDelete),
    ];
    prop_oneof![answer, update.prop_map(FromBackend::Update)]
}

/// The stream, cut at these places.
fn cut<'a>(mut stream: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for cut in cuts {
        let (piece, rest) = stream.split_at((*cut).min(stream.len()));
        pieces.push(piece);
        stream = rest;
    }
    pieces.push(stream);
    pieces
}

proptest! {
    #[test]
    fn a_host_reads_what_backends_write(said in vec(from_backend(), 0..6), cuts in vec(0_usize..60, 0..40), blank in any::<bool>()) {
        let mut stream = Vec::new();
        for one in &said {
            one.encode(&mut stream);
            if !blank {
                stream.pop();
            }
        }
        let (read, fault) = values(&mut Reader::default(), &cut(&stream, &cuts));
        assert_eq!(fault, None);
        let read: Vec<FromBackend> = read.iter().map(|json| FromBackend::decode(json).unwrap()).collect();
        assert_eq!(read, said);
    }

    #[test]
    fn a_backend_reads_what_hosts_write(wanted in vec(request(), 0..6), cuts in vec(0_usize..60, 0..40)) {
        let mut stream = Vec::new();
        wanted.iter().for_each(|one| one.encode(&mut stream));
        let (read, fault) = values(&mut Reader::default(), &cut(&stream, &cuts));
        assert_eq!(fault, None);
        let read: Vec<Request> = read.iter().map(|json| Request::decode(json).unwrap()).collect();
        assert_eq!(read, wanted);
    }

    #[test]
    fn any_bytes_cut_anywhere_are_the_same_values(stream in vec(prop_oneof![any::<u8>(), proptest::sample::select(&br#"{}[]"\ 1a"#[..])], 0..80), cuts in vec(0_usize..12, 0..40)) {
        let whole = values(&mut Reader::new(40), &[&stream]);
        assert_eq!(values(&mut Reader::new(40), &cut(&stream, &cuts)), whole);
    }

    #[test]
    fn init_infos_are_read_as_written(backend_name in word(), backend_version: [u32; 3], protocol_version: [u32; 3]) {
        let init = InitInfo { backend_name, backend_version, protocol_version };
        let mut out = Vec::new();
        init.encode(&mut out);
        assert_eq!(InitInfo::decode(std::str::from_utf8(&out).unwrap()), Ok(init));
    }
}
