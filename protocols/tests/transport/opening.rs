//! Targets that cannot be opened, for each kind of target.

use std::time::Duration;

use kaiwa_core::ErrorKind;
use kaiwa_core::session::Target;
use kaiwa_protocols::transport::{Connector, Network, TransportOptions};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::peer::{
    Open, assert_error, bounded, network, read_to_end, refused, refusing, serve, tcp, websocket,
};

fn all_kinds(host: &str, port: u16) -> [Target; 4] {
    [
        websocket(format!("ws://{host}:{port}/")),
        websocket(format!("wss://{host}:{port}/")),
        Target::Tcp {
            host: host.to_owned(),
            port,
        },
        Target::Tls {
            host: host.to_owned(),
            port,
        },
    ]
}

#[tokio::test]
async fn a_port_without_listener_is_refused() {
    bounded(async {
        let port = refusing().await.port();
        for target in all_kinds("127.0.0.1", port) {
            let error = refused(&network(), &target).await;
            assert_error(&error, ErrorKind::Refused, &["127.0.0.1", "check the port"]);
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_name_does_not_resolve() {
    bounded(async {
        for target in all_kinds("no-such-host.invalid", 80) {
            let error = refused(&network(), &target).await;
            assert_error(&error, ErrorKind::Resolve, &["no-such-host.invalid"]);
        }
    })
    .await;
}

#[tokio::test]
async fn senseless_addresses_are_invalid() {
    bounded(async {
        for target in [
            websocket(""),
            websocket("localhost:80"),
            websocket("http://localhost/"),
            websocket("ws://user:hunter2@localhost/"),
            websocket("ws://local host/?token=hunter2"),
            Target::Tcp {
                host: "a\r\nb".to_owned(),
                port: 1,
            },
            Target::Tls {
                host: String::new(),
                port: 1,
            },
            Target::Tcp {
                host: "localhost".to_owned(),
                port: 0,
            },
        ] {
            let error = refused(&network(), &target).await;
            assert_error(&error, ErrorKind::Invalid, &[]);
            assert!(!error.chain().contains("hunter2"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_silent_server_times_out_in_every_step() {
    bounded(async {
        let address = serve(|stream| async {
            read_to_end(stream).await;
        })
        .await;
        let mut options = TransportOptions::default();
        // Long enough for loopback; the server never answers, so nothing depends on the number.
        options.connect_timeout = Duration::from_millis(300);
        let network = Network::new(options);
        let [ws, wss, _, tls] = all_kinds("127.0.0.1", address.port());
        for (target, step) in [
            (ws, "WebSocket handshake"),
            (wss, "TLS handshake"),
            (tls, "TLS handshake"),
        ] {
            let error = refused(&network, &target).await;
            assert_error(&error, ErrorKind::TimedOut, &["127.0.0.1", step, "300ms"]);
        }
    })
    .await;
}

#[tokio::test]
async fn dropping_the_future_closes_the_socket() {
    bounded(async {
        for kind in 0..2 {
            let (started, has_started) = oneshot::channel();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                // The client waits for an answer now.
                stream.read_u8().await.unwrap();
                started.send(()).unwrap();
                read_to_end(stream).await;
            });
            let network = network();
            let target = &all_kinds("127.0.0.1", address.port())[kind];
            tokio::select! {
                _ = network.open(target) => panic!("nobody answers"),
                started = has_started => started.unwrap(),
            }
            // Ends only at the end of the client's socket.
            server.await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_name_with_several_addresses_reaches_the_one_that_listens() {
    bounded(async {
        // Only the IPv4 side of `localhost` listens; where it has an IPv6 side, that one refuses.
        let address = serve(|stream: TcpStream| async {
            read_to_end(stream).await;
        })
        .await;
        let target = Target::Tcp {
            host: "localhost".to_owned(),
            port: address.port(),
        };
        Open::to(&network(), &target).await;
        Open::to(&network(), &tcp(address)).await;
    })
    .await;
}
