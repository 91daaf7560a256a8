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
    let scheme = if config.tls_cert.is_some() {
        "wss"
    } else {
        "ws"
    };
    let mut interrupt = Interrupt::install_for_server()?;
    let server = Server::start(config).await?;
    let mut ready = format!("{scheme}://{}/wschat\n", server.local_addr());
    if let Some(own) = server.wschat_addr() {
        ready.push_str(&format!("{scheme}://{own}/\n"));
    }
    output::print(&ready)?;
    let code = interrupt.wait().await;
    server.shutdown().await?;
    Ok(match code {
        // That is how a server is ended.
        Code::INTERRUPTED | Code::TERMINATED | Code::HUNG_UP => Code::DONE,
        other => other,
    })
}
