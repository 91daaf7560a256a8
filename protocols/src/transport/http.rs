//! HTTP requests beside a transport, over the same proxy and with the same TLS.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use kaiwa_core::session::{HttpRequest, HttpResponse};
use kaiwa_core::{Error, ErrorKind};
use reqwest::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Body, Client, Method, Url};
use rustls::ClientConfig;

use super::address::{Address, UrlRule, invalid};
use super::options::TransportOptions;
use super::proxy::Proxy;
use super::upload::UploadBody;
use super::{dial, tls};

/// Redirects followed within one server; more is a loop.
const MAX_REDIRECTS: usize = 5;

/// Idle connections kept for the next requests, per server: as many as sessions use at once while they sign in.
const MAX_IDLE: usize = 4;

/// How long an idle connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

const HTTP_URL: UrlRule = UrlRule {
    what: "HTTP address",
    schemes: &["http", "https"],
    default_port: None,
    example: "https://chat.example.org/path",
    secrets_go: "put them into a header",
};

/// Makes the client of one account.
///
/// # Errors
/// `Internal`.
pub(crate) fn client(options: &TransportOptions, tls: &Arc<ClientConfig>) -> Result<Client, Error> {
    let broken = |error: reqwest::Error| {
        Error::new(ErrorKind::Internal, "the HTTP client cannot be made")
            .with_source(error.without_url())
    };
    let mut builder = Client::builder()
        .tls_backend_preconfigured(ClientConfig::clone(tls))
        .connect_timeout(options.connect_timeout)
        .pool_max_idle_per_host(MAX_IDLE)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(Policy::custom(redirect))
        // A referrer is the address before, with its query.
        .referer(false)
        // The environment's proxy would hold for HTTP only, and unknown to the user of this account.
        .no_proxy();
    if let Some(proxy) = &options.proxy {
        builder = builder.proxy(proxy.for_http().map_err(broken)?);
    }
    builder.build().map_err(broken)
}

/// A request that was checked.
pub(crate) struct Exchange {
    pub(crate) address: Address,
    request: reqwest::Request,
    max_response_bytes: usize,
}

impl Exchange {
    /// Checks a request. Its body and its time-out are the caller's to add and to keep.
    ///
    /// # Errors
    /// `Invalid`, without the address's path and query and without the headers' values: they may be secrets.
    pub(crate) fn new(request: &HttpRequest) -> Result<Self, Error> {
        let (url, address) = HTTP_URL.parse(&request.url)?;
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| invalid(format!("`{}` is no HTTP method", request.method)))?;
        let mut checked = reqwest::Request::new(method, url);
        for (name, value) in &request.headers {
            let bad = |how| invalid(format!("the header `{}` {how}", name.escape_debug()));
            let key =
                HeaderName::try_from(name).map_err(|_| bad("has a name that HTTP forbids"))?;
            let mut value =
                HeaderValue::try_from(value).map_err(|_| bad("has a value that HTTP forbids"))?;
            value.set_sensitive(true);
            checked.headers_mut().append(key, value);
        }
        Ok(Self {
            address,
            request: checked,
            max_response_bytes: request.max_response_bytes,
        })
    }

    /// Gives it these bytes as its body.
    pub(crate) fn send_bytes(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            *self.request.body_mut() = Some(bytes.into());
        }
    }

    /// Gives it this file as its body.
    pub(crate) fn send_file(&mut self, body: UploadBody) {
        // Told also for an empty file, which the library takes for no body at all.
        let length = HeaderValue::from(body.total());
        self.request.headers_mut().insert(CONTENT_LENGTH, length);
        *self.request.body_mut() = Some(Body::wrap(body));
    }

    /// Sends it and reads the answer, whatever its status.
    ///
    /// # Errors
    /// `Resolve`, `Refused`, `Unreachable`, `Tls`, `Proxy`, `TimedOut`, `Lost`, `TooLarge`.
    pub(crate) async fn run(
        self,
        client: &Client,
        proxy: Option<&Proxy>,
    ) -> Result<HttpResponse, Error> {
        let failed = |error| failed(&self.address, proxy, error);
        let mut answer = client.execute(self.request).await.map_err(failed)?;
        let status = answer.status().as_u16();
        if let (407, Some(proxy)) = (status, proxy) {
            return Err(proxy.unauthorised());
        }
        let headers = answer.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let headers = headers.collect();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if chunk.len() > self.max_response_bytes.saturating_sub(body.len()) {
                return Err(Error::new(
                    ErrorKind::TooLarge,
                    format!(
                        "the answer of {} is longer than {} bytes",
                        self.address, self.max_response_bytes
                    ),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse {
            status,
            headers,
            body,
        })
    }
}

/// Follows within one server only: the headers hold secrets that are not for another. Elsewhere the redirect is the answer.
fn redirect(attempt: Attempt<'_>) -> Action {
    let same_server = attempt.previous().last().map(Url::origin) == Some(attempt.url().origin());
    if same_server && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

fn failed(address: &Address, proxy: Option<&Proxy>, error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_timeout() {
        return Error::new(ErrorKind::TimedOut, format!("{address} does not answer"))
            .with_source(error);
    }
    let socket = find_io(&error);
    if let Some(socket) = socket.filter(|socket| tls::cause(socket).is_some()) {
        return tls::failed(address, socket).with_source(error);
    }
    if !error.is_connect() {
        return Error::new(
            ErrorKind::Lost,
            format!("the exchange with {address} broke off"),
        )
        .with_source(error);
    }
    match (proxy, socket) {
        // The library keeps to itself whether it was the login.
        (Some(proxy), _) => proxy
            .failed(&format!(
                "opens no way to {address}; check `proxy`, `proxy_user` and `proxy_password`"
            ))
            .with_source(error),
        (None, _) if error.is_dns() => dial::unresolved(address, error),
        (None, socket) => {
            let kind = socket.map_or(io::ErrorKind::Other, io::Error::kind);
            dial::failed(address, kind).with_source(error)
        }
    }
}

/// The IO error that caused another one.
fn find_io<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
