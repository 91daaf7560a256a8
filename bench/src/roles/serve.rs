//! kaiwa's server, as it is shipped but for the store and for how much a person may say over Oshi.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Result, bail};
use kaiwa_server::config::StoreKind;
use kaiwa_server::{Config, Server};

pub(super) async fn run(store: &str, data: &Path, listen: SocketAddr) -> Result<()> {
    let mut config = Config::default();
    config.listen = listen;
    config.data_dir = data.to_owned();
    config.store = match store {
        "sqlite" => StoreKind::Sqlite,
        "none" => StoreKind::None,
        other => bail!("no store is called {other}"),
    };
    config.oshi_rate_count = 0;
    let server = Server::start(config).await?;
    println!("{}", server.local_addr());
    super::end_of_input().await;
    Ok(server.shutdown().await?)
}
