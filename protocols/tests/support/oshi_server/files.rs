//! Uploads.

use kaiwa_protocols::oshi::wire::{FILES_PATH, File, FileId, limit};

use super::OshiServer;
use super::fault::UploadFault;
use crate::support::http::{Answer, Outcome, Request};

/// Answers a request.
pub(super) fn handle(server: &OshiServer, request: &Request) -> Outcome {
    let mut state = server.lock();
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let bearer = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "));
    let user = bearer.and_then(|token| state.world.tokens.get(token).copied());
    let name = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "name");
    let name = name.map(|(_, name)| name.into_owned()).unwrap_or_default();
    state
        .journal
        .uploads
        .push((name.clone(), request.body.len()));
    let fault = (!state.faults.uploads.is_empty()).then(|| state.faults.uploads.remove(0));
    match fault {
        Some(UploadFault::Status(code)) => return status(code),
        Some(UploadFault::Drop) => return Outcome::Drop,
        _ => {}
    }
    let Some(user) = user else {
        return status(401);
    };
    if request.method != "POST" || path != FILES_PATH {
        return status(404);
    }
    if name.is_empty() {
        return status(400);
    }
    if request.body.len() as u64 > limit::FILE_BYTES {
        return status(413);
    }
    let number = state.world.next();
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let file = File {
        id: Some(FileId(number)),
        url: format!("{FILES_PATH}/key{number}/{}", encoded.replace('+', "%20")).into(),
        name: name.into(),
        mime: request
            .header("content-type")
            .unwrap_or("application/octet-stream")
            .to_owned()
            .into(),
        size: Some(request.body.len() as u64),
    };
    let body = serde_json::to_vec(&file).unwrap();
    state.world.files.insert(FileId(number), (user, file));
    match fault {
        Some(UploadFault::DropAfter) => Outcome::Drop,
        Some(UploadFault::Hang) => Outcome::Hang,
        Some(UploadFault::Nonsense) => json(201, b"{\"id\":7}".to_vec()),
        _ => json(201, body),
    }
}

fn status(status: u16) -> Outcome {
    json(status, b"{}".to_vec())
}

fn json(status: u16, body: Vec<u8>) -> Outcome {
    Outcome::Answer(Answer {
        status,
        content_type: "application/json",
        body,
    })
}
