//! `kaiwa serve`: a server for others.

use std::net::{Ipv4Addr, SocketAddr};

use kaiwa_protocols::Error;
use kaiwa_server::{Config, Server};

use crate::args::Serve;
use crate::exit::Code;
use crate::interrupt::Interrupt;
use crate::{embedded, output};

/// Serves until a signal comes.
///
/// # Errors
/// Why it cannot serve.
pub(crate) async fn run(args: &Serve) -> Result<Code, Error> {
    if args.print_config {
        return output::print(&Config::example());
    }
    if let (true, Some(dir)) = (args.embedded, &args.data) {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        return embedded::run(dir, args.listen.unwrap_or(anywhere)).await;
    }
    let mut config = match &args.config {
        Some(file) => Config::load(file)?,
        None => Config::default(),
    };
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    if let Some(data) = &args.data {
        config.data_dir.clone_from(data);
    }
    let (ws, http) = if config.tls_cert.is_some() {
        ("wss", "https")
    } else {
        ("ws", "http")
    };
    let has_oshi = config.oshi;
    let mut interrupt = Interrupt::install_for_server()?;
    let server = Server::start(config).await?;
    let main = server.local_addr();
    let own = [
        (ws, server.wschat_addr(), "/"),
        (http, server.rim_rest_addr(), "/api"),
        (ws, server.rim_ws_addr(), "/"),
        (ws, server.oshi_addr(), "/"),
    ];
    let own = own
        .into_iter()
        .filter_map(|(scheme, address, path)| Some(format!("{scheme}://{}{path}", address?)));
    let ready: Vec<String> = [
        format!("{ws}://{main}/wschat"),
        format!("{http}://{main}/rim/api"),
    ]
    .into_iter()
    .chain(has_oshi.then(|| format!("{ws}://{main}/oshi")))
    .chain(own)
    .collect();
    output::print(&(ready.join("\n") + "\n"))?;
    let code = interrupt.wait().await;
    server.shutdown().await?;
    Ok(match code {
        // That is how a server is ended.
        Code::INTERRUPTED | Code::TERMINATED | Code::HUNG_UP => Code::DONE,
        other => other,
    })
}
