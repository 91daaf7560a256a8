//! Byte streams over TCP and TLS, and the way from one to the other.

use kaiwa_core::ErrorKind;
use kaiwa_core::session::{Frame, Target};
use kaiwa_protocols::transport::Outgoing;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{
    Authority, Got, Open, assert_error, bounded, network, read_to_end, serve_once, tcp,
};

fn closed() -> Got {
    Got::Closed(None, String::new())
}

#[tokio::test]
async fn bytes_go_there_and_back_until_the_end_of_each_side() {
    bounded(async {
        let (address, server) = serve_once(|mut stream| async move {
            let mut word = [0; 5];
            stream.read_exact(&mut word).await.unwrap();
            stream.write_all(&word).await.unwrap();
            let rest = read_to_end(&mut stream).await;
            // The client has closed its side, and still reads.
            stream.write_all(b"bye").await.unwrap();
            rest
        })
        .await;
        let mut open = Open::to(&network(), &tcp(address)).await;
        let frame = Outgoing::Frame(Frame::Text("x".into()));
        assert_error(
            &open.send(frame).await.unwrap_err(),
            ErrorKind::Internal,
            &["bytes"],
        );
        open.bytes(b"hello").await;
        open.expect_bytes(b"hello").await;
        let large = vec![b'x'; 1 << 20];
        open.bytes(&large).await;
        open.close(Some(1), "ignored").await.unwrap();
        assert_eq!(server.await.unwrap(), large);
        open.expect_bytes(b"bye").await;
        assert_eq!(open.recv().await.unwrap(), closed());
    })
    .await;
}

#[tokio::test]
async fn a_reset_is_a_loss() {
    bounded(async {
        let (address, server) = serve_once(|mut stream| async move {
            // Unread input makes the end a reset.
            stream.readable().await.unwrap();
            stream.write_all(b"x").await.unwrap();
        })
        .await;
        let mut open = Open::to(&network(), &tcp(address)).await;
        open.bytes(b"unread").await;
        server.await.unwrap();
        assert_error(&open.ends().await, ErrorKind::Lost, &[]);
    })
    .await;
}

#[tokio::test]
async fn tls_from_the_start() {
    bounded(async {
        let authority = Authority::new();
        let acceptor = authority.acceptor("127.0.0.1");
        let (address, server) = serve_once(|stream| async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            stream.write_all(b"hello").await.unwrap();
            let all = read_to_end(&mut stream).await;
            stream.shutdown().await.unwrap();
            all
        })
        .await;
        let target = Target::Tls {
            host: address.ip().to_string(),
            port: address.port(),
        };
        let mut open = Open::to(&authority.network(), &target).await;
        open.expect_bytes(b"hello").await;
        open.bytes(b"over").await;
        open.close(None, "").await.unwrap();
        assert_eq!(server.await.unwrap(), b"over");
        assert_eq!(open.recv().await.unwrap(), closed());
        let error = open.0.start_tls("127.0.0.1").await.err().unwrap();
        assert_error(&error, ErrorKind::Internal, &["already"]);
    })
    .await;
}

#[tokio::test]
async fn a_tls_stream_cut_without_goodbye_is_a_loss() {
    bounded(async {
        let authority = Authority::new();
        let acceptor = authority.acceptor("127.0.0.1");
        let (address, _server) = serve_once(|stream| async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            stream.write_all(b"hel").await.unwrap();
            stream.flush().await.unwrap();
        })
        .await;
        let target = Target::Tls {
            host: address.ip().to_string(),
            port: address.port(),
        };
        let mut open = Open::to(&authority.network(), &target).await;
        open.expect_bytes(b"hel").await;
        assert_error(&open.recv().await.unwrap_err(), ErrorKind::Lost, &[]);
    })
    .await;
}

#[tokio::test]
async fn a_plain_stream_turns_into_tls() {
    bounded(async {
        let authority = Authority::new();
        let acceptor = authority.acceptor("chat.example.org");
        let (address, server) = serve_once(|mut stream| async move {
            let mut word = [0; 8];
            stream.read_exact(&mut word).await.unwrap();
            assert_eq!(&word, b"STARTTLS");
            stream.write_all(b"OK").await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            stream.write_all(b"secret").await.unwrap();
            read_to_end(stream).await
        })
        .await;
        let mut open = Open::to(&authority.network(), &tcp(address)).await;
        open.bytes(b"STARTTLS").await;
        open.expect_bytes(b"OK").await;
        let mut open = Open(open.0.start_tls("chat.example.org").await.unwrap());
        open.expect_bytes(b"secret").await;
        open.bytes(b"answer").await;
        open.close(None, "").await.unwrap();
        assert_eq!(server.await.unwrap(), b"answer");
    })
    .await;
}

#[tokio::test]
async fn turning_into_tls_checks_the_name_and_writes_what_waits() {
    bounded(async {
        let authority = Authority::new();
        let acceptor = authority.acceptor("other.example");
        let (address, server) = serve_once(|mut stream| async move {
            let mut word = [0; 8];
            stream.read_exact(&mut word).await.unwrap();
            acceptor.accept(stream).await.is_err()
        })
        .await;
        let mut open = Open::to(&authority.network(), &tcp(address)).await;
        // Taken, not flushed: it must still go out before the handshake.
        open.0
            .start_send(Outgoing::Bytes(b"STARTTLS".to_vec()))
            .unwrap();
        let error = open.0.start_tls("chat.example.org").await.err().unwrap();
        assert_error(
            &error,
            ErrorKind::Tls,
            &["chat.example.org", "another name"],
        );
        assert!(server.await.unwrap());
    })
    .await;
}
