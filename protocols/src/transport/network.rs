//! The real network: opens every target directly or through a proxy.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kaiwa_core::session::{HttpBody, HttpRequest, HttpResponse, Target};
use kaiwa_core::{Error, ErrorKind};
use once_cell::sync::OnceCell;
use tokio::net::TcpStream;

use super::address::Address;
use super::deadline::Deadline;
use super::file::FileSource;
use super::http::{self, Exchange};
use super::options::TransportOptions;
use super::stream::{ByteStream, Socket, TlsSocket, Upgrade};
use super::tls::Tls;
use super::websocket::{self, WEBSOCKET_URL};
use super::{Connector, HttpProgress, Transport, dial};

/// Opens real sockets for one account.
///
/// Costs next to nothing until used: the TLS configuration and the HTTP client are made when they are first needed, and
/// accounts without a `ca_file` share one TLS configuration.
#[derive(Debug)]
pub struct Network {
    options: TransportOptions,
    tls: Arc<Tls>,
    client: OnceCell<reqwest::Client>,
}

impl Network {
    /// A network with these options. Opens nothing yet.
    #[must_use]
    pub fn new(options: TransportOptions) -> Self {
        let tls = Arc::new(Tls::new(options.ca_file.clone()));
        Self {
            options,
            tls,
            client: OnceCell::new(),
        }
    }

    async fn dial(&self, address: &Address, deadline: &Deadline) -> Result<TcpStream, Error> {
        match &self.options.proxy {
            Some(proxy) => proxy.connect(address, deadline).await,
            None => dial::connect(address, deadline).await,
        }
    }

    async fn dial_tls(&self, address: &Address, deadline: &Deadline) -> Result<TlsSocket, Error> {
        let stream = self.dial(address, deadline).await?;
        let secure = self.tls.connect(address, stream);
        deadline
            .step(address, "answer the TLS handshake", secure)
            .await
    }

    async fn open_websocket(
        &self,
        url: &str,
        headers: &[(String, String)],
        max_message_bytes: usize,
    ) -> Result<Box<dyn Transport>, Error> {
        let deadline = self.deadline();
        let (mut url, address) = WEBSOCKET_URL.parse(url)?;
        url.set_fragment(None);
        let request = websocket::request(&url, headers)?;
        let did_not = "answer the WebSocket handshake";
        if url.scheme() == "wss" {
            let stream = self.dial_tls(&address, &deadline).await?;
            let open = websocket::open(stream, request, max_message_bytes, &address);
            deadline.step(&address, did_not, open).await
        } else {
            let stream = self.dial(&address, &deadline).await?;
            let open = websocket::open(stream, request, max_message_bytes, &address);
            deadline.step(&address, did_not, open).await
        }
    }

    fn byte_stream<S: Socket>(&self, socket: S, address: &Address) -> Box<dyn Transport> {
        let upgrade = Upgrade {
            tls: Arc::clone(&self.tls),
            timeout: self.options.connect_timeout,
            port: address.port(),
        };
        Box::new(ByteStream::new(socket, upgrade))
    }

    async fn run(&self, exchange: Exchange) -> Result<HttpResponse, Error> {
        let tls = self.tls.config().await?;
        let client = self
            .client
            .get_or_try_init(|| http::client(&self.options, &tls))?;
        exchange.run(client, self.options.proxy.as_ref()).await
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.options.connect_timeout)
    }
}

#[async_trait]
impl Connector for Network {
    async fn open(&self, target: &Target) -> Result<Box<dyn Transport>, Error> {
        match target {
            Target::WebSocket {
                url,
                headers,
                max_message_bytes,
            } => self.open_websocket(url, headers, *max_message_bytes).await,
            Target::Tcp { host, port } => {
                let address = Address::new(host, *port)?;
                let socket = self.dial(&address, &self.deadline()).await?;
                Ok(self.byte_stream(socket, &address))
            }
            Target::Tls { host, port } => {
                let address = Address::new(host, *port)?;
                let socket = self.dial_tls(&address, &self.deadline()).await?;
                Ok(self.byte_stream(socket, &address))
            }
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                "this kind of target needs a newer transport",
            )),
        }
    }

    async fn http(
        &self,
        request: HttpRequest,
        progress: &HttpProgress,
    ) -> Result<HttpResponse, Error> {
        let deadline = Deadline::after(request.timeout);
        let mut exchange = Exchange::new(&request)?;
        let address = exchange.address.clone();
        match request.body {
            HttpBody::Bytes(bytes) => {
                exchange.send_bytes(bytes);
                let run = self.run(exchange);
                deadline.step(&address, "complete its answer", run).await
            }
            HttpBody::File { path, max_bytes } => {
                let open = FileSource::open(&path, max_bytes);
                let upload = deadline.step(&"the file's disk", "answer", open).await?;
                let (body, watch) = upload.into_body(progress.clone());
                exchange.send_file(body);
                let run = self.run(exchange);
                watch.guard(&address, request.timeout, run).await
            }
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                "this kind of body needs a newer transport",
            )),
        }
    }

    fn close_timeout(&self) -> Duration {
        self.options.close_timeout
    }
}
