//! Commands that the network has not answered yet, and what its answers mean.

mod what;

use std::collections::BTreeMap;

use kaiwa_protocols::{Channel, ConnectionEvent, ErrorInfo, Id, RequestId};

pub(crate) use what::What;

/// Commands open at once: more than a person types while a network thinks.
const OPEN: usize = 64;

/// Commands that the network has not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    open: BTreeMap<RequestId, Job>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Job {
    /// The command, as a failure names it.
    pub(crate) name: String,
    pub(crate) what: What,
}

/// What follows when a command is carried out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct After {
    /// This channel is the current one from now on.
    pub(crate) enter: Option<Id>,
    pub(crate) lines: Vec<String>,
    /// Said in the current channel.
    pub(crate) say: Option<String>,
    pub(crate) ask: Option<(What, ConnectionEvent)>,
    /// What can be joined, where that was asked.
    pub(crate) directory: Option<Vec<Channel>>,
}

impl Jobs {
    /// The network has been asked.
    pub(crate) fn begin(&mut self, request: RequestId, job: Job) {
        self.open.insert(request, job);
    }

    /// Whether the request is a command's.
    pub(crate) fn knows(&self, request: RequestId) -> bool {
        self.open.contains_key(&request)
    }

    /// A request is settled; gives the command if it was one.
    pub(crate) fn end(&mut self, request: RequestId) -> Option<Job> {
        self.open.remove(&request)
    }

    /// Learns from what a command has caused.
    pub(crate) fn note(&mut self, request: RequestId, event: &ConnectionEvent) {
        if let Some(job) = self.open.get_mut(&request) {
            job.what.note(event);
        }
    }

    /// Whether older messages of this channel are on their way.
    pub(crate) fn awaits_history(&self, channel: &str) -> bool {
        self.open.values().any(
            |job| matches!(&job.what, What::History { channel_id, .. } if channel_id == channel),
        )
    }

    /// Whether it is open where messages go.
    pub(crate) fn is_moving(&self) -> bool {
        self.open.values().any(|job| {
            matches!(
                job.what,
                What::Switch { .. } | What::Join { .. } | What::Create { .. } | What::Direct { .. }
            )
        })
    }

    /// Whether nothing is open.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether enough is open.
    pub(crate) fn is_full(&self) -> bool {
        self.open.len() >= OPEN
    }
}

impl Job {
    /// That it failed, and what to do.
    pub(crate) fn failed(&self, error: &ErrorInfo) -> String {
        let advice = self.what.advice(error.kind);
        format!("{}: {error}; {advice}", self.name)
    }
}

impl After {
    fn line(line: impl Into<String>) -> Self {
        Self {
            lines: vec![line.into()],
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests;
