//! Files that are on their way, and how far each is.

use std::collections::BTreeMap;
use std::sync::Arc;

use kaiwa_protocols::{Id, MessageFragment, RequestId};

use super::ctrl_c::CtrlC;
use crate::text;

/// Files that are on their way, by the request that sends them.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    open: BTreeMap<RequestId, Upload>,
    key: Arc<CtrlC>,
}

/// Those of one message.
#[derive(Debug)]
struct Upload {
    channel_id: Option<Id>,
    /// As it is called in the status line.
    name: String,
    percent: u64,
}

/// What is to be taken back.
#[derive(Debug, PartialEq)]
pub(crate) struct Withdrawal {
    pub(crate) channel_id: Option<Id>,
    /// The id of the local echo.
    pub(crate) message_id: Id,
    pub(crate) name: String,
}

impl Uploads {
    /// Those that a key can give up.
    pub(crate) fn with(key: Arc<CtrlC>) -> Self {
        let open = BTreeMap::new();
        Self { open, key }
    }

    /// A message was accepted; it is one of these if files go along.
    pub(crate) fn begin(
        &mut self,
        request: RequestId,
        channel_id: Option<Id>,
        content: &[MessageFragment],
    ) {
        let files: Vec<&str> = content.iter().filter_map(name).collect();
        if files.is_empty() {
            return;
        }
        let upload = Upload {
            channel_id,
            name: text::one_line(&files.join(", ")),
            percent: 0,
        };
        self.open.insert(request, upload);
        self.key.arm(true);
    }

    /// So much is through; says whether that is worth showing.
    pub(crate) fn progress(&mut self, message_id: &str, sent: u64, total: u64) -> bool {
        let mut open = self.open.iter_mut();
        let found = open.find(|(request, _)| request.local_message_id() == message_id);
        let Some((_, upload)) = found else {
            return false;
        };
        // Never more than all; an empty file is through at once.
        let percent = (u128::from(sent.min(total)) * 100)
            .checked_div(u128::from(total))
            .and_then(|percent| u64::try_from(percent).ok())
            .unwrap_or(100);
        std::mem::replace(&mut upload.percent, percent) != percent
    }

    /// A request is settled; says whether it was one of these.
    pub(crate) fn end(&mut self, request: RequestId) -> bool {
        let was_open = self.open.remove(&request).is_some();
        if self.open.is_empty() {
            self.key.arm(false);
        }
        was_open
    }

    /// What has to be taken back to give up all of them.
    pub(crate) fn withdrawals(&self) -> Vec<Withdrawal> {
        let open = self.open.iter();
        open.map(|(request, upload)| Withdrawal {
            channel_id: upload.channel_id.clone(),
            message_id: request.local_message_id(),
            name: upload.name.clone(),
        })
        .collect()
    }

    /// How many messages wait for their files.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// How far they are, in a few words.
    pub(crate) fn status(&self) -> Option<String> {
        let mut open = self.open.values();
        let first = open.next()?;
        let more = match open.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let Upload { name, percent, .. } = first;
        Some(format!("sending {name}: {percent} %{more}"))
    }
}

/// What a file is called there.
fn name(fragment: &MessageFragment) -> Option<&str> {
    match fragment {
        MessageFragment::Upload { path, name, .. } => {
            let file = path.rsplit(['/', '\\']).next();
            name.as_deref().or(file)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> MessageFragment {
        MessageFragment::Upload {
            path: path.to_owned(),
            name: None,
            mime: None,
        }
    }

    #[test]
    fn each_is_followed_to_its_end() {
        let key = Arc::new(CtrlC::default());
        let mut uploads = Uploads::with(Arc::clone(&key));
        let [one, two, other] = [(); 3].map(|()| RequestId::fresh());
        uploads.begin(other, None, &[MessageFragment::Text("no file".to_owned())]);
        assert!(uploads.status().is_none() && uploads.withdrawals().is_empty() && !key.press());
        uploads.begin(
            one,
            Some("c".into()),
            &[file("/home/ann/tea\x1b.png"), file("b")],
        );
        let shown = |uploads: &Uploads| uploads.status().unwrap();
        assert_eq!(shown(&uploads), "sending tea␛.png, b: 0 %");
        let id = one.local_message_id();
        assert!(uploads.progress(&id, 50, 200) && !uploads.progress(&id, 51, 200));
        assert!(!uploads.progress("local:0", 1, 1));
        uploads.begin(two, None, &[file("c")]);
        assert_eq!(shown(&uploads), "sending tea␛.png, b: 25 % and 1 more");
        let withdrawn = uploads.withdrawals();
        assert_eq!((withdrawn.len(), &withdrawn[0].message_id), (2, &id));
        assert!(uploads.end(one) && !uploads.end(one));
        assert!(uploads.progress(&two.local_message_id(), u64::MAX, 0));
        assert_eq!(shown(&uploads), "sending c: 100 %");
        assert!(key.press());
        assert!(uploads.end(two) && uploads.status().is_none());
    }
}
