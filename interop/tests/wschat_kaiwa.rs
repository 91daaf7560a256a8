//! Our own server is held to the same facts as the real wschat, and to better ones where that one breaks.

use std::ops::Deref;

use kaiwa_interop::client;
use kaiwa_interop::peer::Peer;
use kaiwa_interop::wschat::{
    Room, malformed_text_is_ignored, relayed_messages_are_logged, shows_tokens,
};
use kaiwa_server::{Config, Server};
use tempfile::TempDir;

mod open {
    use super::Running;
    kaiwa_interop::wschat_facts!(Running::start(None).await);
}

mod jwt {
    use super::Running;
    kaiwa_interop::wschat_facts!(Running::start(Some("secret")).await);
    kaiwa_interop::wschat_jwt_facts!(Running::start(Some("secret")).await);
}

#[tokio::test]
async fn our_client_talks_to_it() {
    for secret in [None, Some("secret")] {
        client::everybody_hears_everything_once(&*Running::start(secret).await).await;
    }
    client::a_refused_token_is_told(&*Running::start(Some("secret")).await).await;
}

#[tokio::test]
async fn messages_are_logged() {
    for secret in [None, Some("secret")] {
        let running = Running::start(secret).await;
        relayed_messages_are_logged(&running, &running.folder.path().join("log")).await;
    }
}

#[tokio::test]
async fn other_paths_do_not_exist() {
    let running = Running::start(None).await;
    assert_eq!(
        Peer::refusal(&format!("{}elsewhere", running.url)).await,
        404
    );
}

#[tokio::test]
async fn tokens_are_shown_to_nobody() {
    let running = Running::start(Some("secret")).await;
    assert!(!shows_tokens(&running).await);
}

#[tokio::test]
async fn what_breaks_the_original_is_ignored() {
    for secret in [None, Some("secret")] {
        let running = Running::start(secret).await;
        malformed_text_is_ignored(&running).await;
    }
}

/// A server of ours, as long as this lives.
struct Running {
    room: Room,
    folder: TempDir,
    _server: Server,
}

impl Running {
    async fn start(secret: Option<&str>) -> Self {
        let folder = TempDir::new().expect("a folder");
        let loopback = "127.0.0.1:0".parse().expect("an address");
        let mut config = Config::default();
        config.listen = loopback;
        config.wschat_listen = Some(loopback);
        config.data_dir = folder.path().join("data");
        config.log_dir = Some(folder.path().join("log"));
        if let Some(secret) = secret {
            let file = folder.path().join("secret");
            std::fs::write(&file, secret).expect("a file");
            config.jwt_secret_file = Some(file);
        }
        let server = Server::start(config).await.expect("the server starts");
        let address = server.wschat_addr().expect("wschat has its own listener");
        let room = Room {
            url: format!("ws://{address}/"),
            secret: secret.map(str::to_owned),
        };
        Self {
            room,
            folder,
            _server: server,
        }
    }
}

impl Deref for Running {
    type Target = Room;

    fn deref(&self) -> &Room {
        &self.room
    }
}
