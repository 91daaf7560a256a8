//! TLS: whom it trusts, and what it says when it does not.

use std::sync::Arc;

use kaiwa_core::ErrorKind;
use kaiwa_core::session::{HttpRequest, Target};
use kaiwa_protocols::transport::{Connector, HttpProgress, Network};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

use crate::http::get;
use crate::peer::{
    Authority, Got, Open, assert_error, bounded, echo, network, refused, serve, websocket,
};

async fn serve_echo(acceptor: TlsAcceptor) -> u16 {
    let acceptor = Arc::new(acceptor);
    let address = serve(move |stream| {
        let acceptor = Arc::clone(&acceptor);
        async move {
            // Fails where the client does not trust the certificate.
            if let Ok(stream) = acceptor.accept(stream).await {
                echo(stream).await;
            }
        }
    });
    address.await.port()
}

/// The three ways to a TLS server fail alike.
async fn assert_untrusted(network: &Network, port: u16, words: &[&str]) {
    for target in [
        websocket(format!("wss://127.0.0.1:{port}/")),
        Target::Tls {
            host: "127.0.0.1".to_owned(),
            port,
        },
    ] {
        let error = refused(network, &target).await;
        assert_error(&error, ErrorKind::Tls, words);
    }
    let request = HttpRequest {
        url: format!("https://127.0.0.1:{port}/?token=hunter2"),
        ..get()
    };
    let error = network
        .http(request, &HttpProgress::default())
        .await
        .unwrap_err();
    assert_error(&error, ErrorKind::Tls, words);
    assert!(!error.chain().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn an_extra_root_is_trusted() {
    bounded(async {
        let authority = Authority::new();
        let port = serve_echo(authority.acceptor("127.0.0.1")).await;
        let network = authority.network();
        let target = websocket(format!("wss://127.0.0.1:{port}/"));
        let mut open = Open::to(&network, &target).await;
        open.echoes("secret").await;
        open.echoes(&"x".repeat(1 << 20)).await;
        open.close(Some(1000), "").await.unwrap();
        assert!(matches!(
            open.recv().await.unwrap(),
            Got::Closed(Some(1000), _)
        ));
        // A second one resumes the session.
        Open::to(&network, &target).await.echoes("again").await;
    })
    .await;
}

#[tokio::test]
async fn an_unknown_issuer_names_the_field_to_fill() {
    bounded(async {
        let authority = Authority::new();
        let port = serve_echo(authority.acceptor("127.0.0.1")).await;
        assert_untrusted(&network(), port, &["ca_file"]).await;
        let other = Authority::new().network();
        drop(authority);
        // The other root's file is gone by now, which is another error.
        let target = websocket(format!("wss://127.0.0.1:{port}/"));
        let error = refused(&other, &target).await;
        assert_error(&error, ErrorKind::Invalid, &["ca_file", "cannot be read"]);
    })
    .await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    bounded(async {
        let authority = Authority::new();
        let port = serve_echo(authority.acceptor("other.example")).await;
        assert_untrusted(&authority.network(), port, &["127.0.0.1", "another name"]).await;
    })
    .await;
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    bounded(async {
        let authority = Authority::new();
        let acceptor = authority.acceptor_with("127.0.0.1", |params| {
            params.not_before = rcgen::date_time_ymd(2000, 1, 1);
            params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        });
        let port = serve_echo(acceptor).await;
        assert_untrusted(&authority.network(), port, &["expired"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    bounded(async {
        let address = serve(|mut stream| async move {
            stream
                .write_all(b"220 hello, who are you?\r\n")
                .await
                .unwrap();
            crate::peer::read_to_end(stream).await;
        })
        .await;
        let words = ["does not speak TLS"];
        assert_untrusted(&Authority::new().network(), address.port(), &words).await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_leaves_within_the_handshake_is_a_tls_error() {
    bounded(async {
        let address = serve(|stream| async { drop(stream) }).await;
        let target = websocket(format!("wss://{address}/"));
        let error = refused(&Authority::new().network(), &target).await;
        assert_error(&error, ErrorKind::Tls, &["TLS handshake"]);
    })
    .await;
}
