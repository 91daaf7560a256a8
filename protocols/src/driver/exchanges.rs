//! The HTTP requests of one attempt: some run, more wait.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use futures_util::stream::{AbortHandle, Abortable, SelectAll, Stream, StreamExt};
use kaiwa_core::Error;
use kaiwa_core::session::{HttpRequest, HttpResponse, HttpToken};

use crate::transport::{Connector, HttpProgress};

/// HTTP requests of one session under way at once; more wait here, so that frames do not wait behind them.
const HTTP_AT_ONCE: usize = 8;

/// HTTP requests that wait here; a session that wants even more is asked for nothing until some are done.
const HTTP_WAITING: usize = 256;

/// What is to be told of a request.
pub(super) enum HttpNews {
    Progress { sent: u64, total: u64 },
    End(Result<HttpResponse, Error>),
}

#[derive(Default)]
pub(super) struct Exchanges {
    waiting: VecDeque<(HttpToken, HttpRequest)>,
    running: SelectAll<Abortable<Exchange>>,
    cancel: BTreeMap<HttpToken, AbortHandle>,
}

impl Exchanges {
    pub(super) fn push(&mut self, token: HttpToken, request: HttpRequest) {
        self.waiting.push_back((token, request));
    }

    /// Whether no more is taken for now.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= HTTP_WAITING
    }

    /// Nothing more is told of the request; the next poll drops what runs of it.
    pub(super) fn cancel(&mut self, token: HttpToken) {
        self.waiting.retain(|(waiting, _)| *waiting != token);
        if let Some(running) = self.cancel.remove(&token) {
            running.abort();
        }
    }

    /// Starts what may run and gives what is new.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        connector: &Arc<dyn Connector>,
    ) -> Option<(HttpToken, HttpNews)> {
        while self.running.len() < HTTP_AT_ONCE
            && let Some((token, request)) = self.waiting.pop_front()
        {
            let (abort, registration) = AbortHandle::new_pair();
            self.cancel.insert(token, abort);
            let exchange = Exchange::new(token, request, Arc::clone(connector));
            self.running.push(Abortable::new(exchange, registration));
        }
        let Poll::Ready(Some((token, news))) = self.running.poll_next_unpin(cx) else {
            return None;
        };
        if matches!(news, HttpNews::End(_)) {
            self.cancel.remove(&token);
        }
        Some((token, news))
    }
}

/// A request that runs: its progress, then its end.
struct Exchange {
    token: HttpToken,
    progress: HttpProgress,
    /// `None` when it has ended.
    run: Option<BoxFuture<'static, Result<HttpResponse, Error>>>,
    /// What it ended in, until that is told.
    end: Option<Result<HttpResponse, Error>>,
}

impl Exchange {
    fn new(token: HttpToken, request: HttpRequest, connector: Arc<dyn Connector>) -> Self {
        let progress = HttpProgress::default();
        let report = progress.clone();
        Self {
            token,
            progress,
            run: Some(Box::pin(
                async move { connector.http(request, &report).await },
            )),
            end: None,
        }
    }
}

impl Stream for Exchange {
    type Item = (HttpToken, HttpNews);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(run) = &mut this.run
            && let Poll::Ready(end) = run.as_mut().poll(cx)
        {
            this.run = None;
            this.end = Some(end);
        }
        let news = if let Poll::Ready((sent, total)) = this.progress.poll(cx) {
            HttpNews::Progress { sent, total }
        } else if let Some(end) = this.end.take() {
            HttpNews::End(end)
        } else if this.run.is_some() {
            return Poll::Pending;
        } else {
            return Poll::Ready(None);
        };
        Poll::Ready(Some((this.token, news)))
    }
}
