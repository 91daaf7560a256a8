//! WebSockets: handshake, frames in both directions, ends, and peers that misbehave.

use futures_util::{SinkExt, StreamExt};
use kaiwa_core::ErrorKind;
use kaiwa_core::session::{Frame, Target};
use kaiwa_protocols::transport::Outgoing;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::peer::{
    Got, MAX_MESSAGE_BYTES, Open, assert_error, bounded, echo, network, read_head, refused, serve,
    serve_once, websocket,
};

async fn accept(stream: TcpStream) -> WebSocketStream<TcpStream> {
    tokio_tungstenite::accept_async(stream).await.unwrap()
}

fn ws(address: std::net::SocketAddr) -> Target {
    websocket(format!("ws://{address}/"))
}

#[tokio::test]
async fn frames_go_there_and_back() {
    bounded(async {
        let address = serve(echo).await;
        let mut open = Open::to(&network(), &ws(address)).await;
        open.echoes("hello").await;
        open.echoes("").await;
        open.echoes("NUL \0 and \u{202e} 会話").await;
        // Longer than every buffer on the way.
        open.echoes(&"x".repeat(1 << 20)).await;
        let data = vec![0, 255, 1];
        let frame = Frame::Binary(data.clone().into());
        open.send(Outgoing::Frame(frame)).await.unwrap();
        assert_eq!(open.recv().await.unwrap(), Got::Binary(data));
        let ping = Frame::Ping(vec![1, 2].into());
        open.send(Outgoing::Frame(ping)).await.unwrap();
        assert_eq!(open.recv().await.unwrap(), Got::Pong(vec![1, 2]));
        let error = open.send(Outgoing::Bytes(Vec::new())).await.unwrap_err();
        assert_error(&error, ErrorKind::Internal, &["frames"]);
        let error = open.0.start_tls("localhost").await.err().unwrap();
        assert_error(&error, ErrorKind::Internal, &["TLS"]);
    })
    .await;
}

#[tokio::test]
async fn pings_are_answered_and_shown() {
    bounded(async {
        let (address, server) = serve_once(|stream| async {
            let mut socket = accept(stream).await;
            socket.send(Message::Ping(vec![7].into())).await.unwrap();
            socket.next().await.unwrap().unwrap()
        })
        .await;
        let mut open = Open::to(&network(), &ws(address)).await;
        assert_eq!(open.recv().await.unwrap(), Got::Ping(vec![7]));
        // The next read sends the answer.
        open.ends().await;
        assert_eq!(server.await.unwrap(), Message::Pong(vec![7].into()));
    })
    .await;
}

#[tokio::test]
async fn path_query_and_headers_arrive() {
    bounded(async {
        let (address, server) = serve_once(|mut stream| async move {
            let head = read_head(&mut stream).await;
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
            head
        })
        .await;
        let mut target = websocket(format!("ws://{address}/chat?room=1#fragment"));
        let Target::WebSocket { headers, .. } = &mut target else {
            unreachable!()
        };
        headers.push(("X-Token".to_owned(), "abc".to_owned()));
        refused(&network(), &target).await;
        let head = server.await.unwrap();
        assert!(head.starts_with("GET /chat?room=1 HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("x-token: abc\r\n"), "{head}");
        assert!(head.contains(&format!("Host: {address}\r\n")), "{head}");
    })
    .await;
}

#[tokio::test]
async fn a_handshake_answered_in_http_says_so() {
    bounded(async {
        for (answer, kind, words) in [
            (
                "404 Not Found\r\n",
                ErrorKind::Handshake,
                &["404", "path"][..],
            ),
            ("403 Forbidden\r\n", ErrorKind::Forbidden, &["403"]),
            ("401 Unauthorized\r\n", ErrorKind::Auth, &["401", "login"]),
            (
                "302 Found\r\nLocation: /x\r\n",
                ErrorKind::Handshake,
                &["302"],
            ),
            ("200 OK\r\n", ErrorKind::Handshake, &["200"]),
            (
                "429 Slow\r\nRetry-After: 7\r\n",
                ErrorKind::RateLimited,
                &["429"],
            ),
            (
                "503 Busy\r\nRetry-After: soon\r\n",
                ErrorKind::Handshake,
                &["503"],
            ),
            // Not even an upgrade.
            (
                "101 Switching Protocols\r\n",
                ErrorKind::Handshake,
                &["WebSocket"],
            ),
        ] {
            let address = serve(move |mut stream| async move {
                read_head(&mut stream).await;
                let answer = format!("HTTP/1.1 {answer}\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            })
            .await;
            let target = websocket(format!("ws://{address}/?token=hunter2"));
            let error = refused(&network(), &target).await;
            assert_error(&error, kind, words);
            assert!(!error.chain().contains("hunter2"), "{error}");
            let seconds = error.retry_after().map(|wait| wait.as_secs());
            assert_eq!(seconds, answer.contains("429").then_some(7));
        }
    })
    .await;
}

#[tokio::test]
async fn other_servers_are_no_websocket() {
    bounded(async {
        for greeting in [&b"SSH-2.0-x\r\n\r\n"[..], b"", b"\xff\x00\xff"] {
            let address = serve(move |mut stream| async move {
                read_head(&mut stream).await;
                stream.write_all(greeting).await.unwrap();
            })
            .await;
            let error = refused(&network(), &ws(address)).await;
            assert_error(&error, ErrorKind::Handshake, &["WebSocket"]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_follows_the_handshake_at_once_is_not_lost() {
    bounded(async {
        let (address, server) = serve_once(|stream| async {
            let mut socket = accept(stream).await;
            for number in 0..500 {
                let text = Message::text(format!("{number}"));
                socket.feed(text).await.unwrap();
            }
            socket.close(None).await.unwrap();
        })
        .await;
        let mut open = Open::to(&network(), &ws(address)).await;
        for number in 0..500 {
            assert_eq!(open.recv().await.unwrap(), Got::Text(number.to_string()));
        }
        assert_eq!(open.recv().await.unwrap(), Got::Closed(None, String::new()));
        server.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_goodbye_of_the_peer_is_shown_and_answered() {
    bounded(async {
        let (address, server) = serve_once(|stream| async {
            let mut socket = accept(stream).await;
            let goodbye = CloseFrame {
                code: CloseCode::Away,
                reason: "over".into(),
            };
            socket.close(Some(goodbye)).await.unwrap();
            socket.next().await.unwrap().unwrap()
        })
        .await;
        let mut open = Open::to(&network(), &ws(address)).await;
        assert_eq!(
            open.recv().await.unwrap(),
            Got::Closed(Some(1001), "over".to_owned())
        );
        let late = Outgoing::Frame(Frame::Text("late".into()));
        assert_error(&open.send(late).await.unwrap_err(), ErrorKind::Lost, &[]);
        open.close(Some(1000), "").await.unwrap();
        assert!(server.await.unwrap().is_close());
        assert_error(&open.ends().await, ErrorKind::Lost, &["ended"]);
    })
    .await;
}

#[tokio::test]
async fn closing_says_why_and_reads_on_until_the_answer() {
    bounded(async {
        for (code, seen) in [(Some(4000), Some(4000)), (None, None), (Some(1005), None)] {
            let (address, server) = serve_once(|stream| async {
                let mut socket = accept(stream).await;
                socket.send(Message::text("last words")).await.unwrap();
                let close = socket.next().await.unwrap().unwrap();
                // Sends the answer and waits for the client to go.
                assert!(socket.next().await.is_none());
                close
            })
            .await;
            let mut open = Open::to(&network(), &ws(address)).await;
            open.close(code, &"bye ".repeat(50)).await.unwrap();
            assert_eq!(
                open.recv().await.unwrap(),
                Got::Text("last words".to_owned())
            );
            assert!(matches!(
                open.recv().await.unwrap(),
                Got::Closed(answer, _) if answer == seen
            ));
            let Message::Close(frame) = server.await.unwrap() else {
                panic!("no close frame");
            };
            assert_eq!(frame.as_ref().map(|frame| frame.code.into()), seen);
            let reason = frame.map_or(String::new(), |frame| frame.reason.to_string());
            assert!("bye ".repeat(50).starts_with(&reason));
        }
    })
    .await;
}

/// Opens to a peer that sends `raw` after the handshake; returns the error, and the close code that the peer was told.
async fn misbehave(raw: Vec<u8>) -> (kaiwa_core::Error, Option<u16>) {
    let (address, server) = serve_once(|stream| async move {
        let mut socket = accept(stream).await;
        socket.get_mut().write_all(&raw).await.unwrap();
        match socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => Some(frame.code.into()),
            _ => None,
        }
    })
    .await;
    let mut open = Open::to(&network(), &ws(address)).await;
    let error = open.ends().await;
    let code = server.await.unwrap();
    (error, code)
}

#[tokio::test]
async fn violations_are_protocol_errors_and_the_peer_is_told() {
    bounded(async {
        for raw in [
            vec![0xff; 64],
            // Text that is not UTF-8.
            vec![0x81, 2, 0xff, 0xfe],
            // Masked by the server.
            vec![0x81, 0x81, 0, 0, 0, 0, b'x'],
            // A continuation of nothing.
            vec![0x80, 1, b'x'],
            // A close frame of one byte.
            vec![0x88, 1, 0],
            // A ping in pieces.
            vec![0x09, 0],
        ] {
            let (error, code) = misbehave(raw.clone()).await;
            assert_error(&error, ErrorKind::Protocol, &[]);
            assert_eq!(code, Some(1002), "{raw:x?}");
        }
    })
    .await;
}

#[tokio::test]
async fn frames_over_the_limit_are_too_large() {
    bounded(async {
        let mut raw = vec![0x82, 127];
        raw.extend((17_u64 << 20).to_be_bytes());
        // The header alone tells.
        let (error, code) = misbehave(raw).await;
        assert_error(
            &error,
            ErrorKind::TooLarge,
            &["17825792", &MAX_MESSAGE_BYTES.to_string()],
        );
        assert_eq!(code, Some(1009));
    })
    .await;
}

#[tokio::test]
async fn the_limit_is_the_targets_and_holds_for_pieces_too() {
    bounded(async {
        let address = serve(|stream| async {
            let mut socket = accept(stream).await;
            // Sixty-four bytes, which fit; then twice forty in two pieces, which do not.
            let fits = Message::text("x".repeat(64));
            socket.send(fits).await.unwrap();
            let mut raw = vec![0x01, 40];
            raw.extend([b'a'; 40]);
            raw.extend([0x80, 40]);
            raw.extend([b'b'; 40]);
            socket.get_mut().write_all(&raw).await.unwrap();
            while socket.next().await.is_some_and(|next| next.is_ok()) {}
        })
        .await;
        let target = Target::WebSocket {
            url: format!("ws://{address}"),
            headers: Vec::new(),
            max_message_bytes: 64,
        };
        let mut open = Open::to(&network(), &target).await;
        assert_eq!(open.recv().await.unwrap(), Got::Text("x".repeat(64)));
        assert_error(&open.ends().await, ErrorKind::TooLarge, &["80", "64"]);
    })
    .await;
}

#[tokio::test]
async fn a_whole_message_of_17_mib_is_too_large() {
    bounded(async {
        let address = serve(|stream| async {
            let mut socket = accept(stream).await;
            // Ends with an error, as the client leaves.
            let _ = socket.send(Message::binary(vec![0; 17 << 20])).await;
        })
        .await;
        let mut open = Open::to(&network(), &ws(address)).await;
        assert_error(&open.ends().await, ErrorKind::TooLarge, &[]);
    })
    .await;
}

#[tokio::test]
async fn an_end_without_goodbye_is_a_loss() {
    bounded(async {
        let address = serve(|stream| async {
            accept(stream).await;
        })
        .await;
        let mut open = Open::to(&network(), &ws(address)).await;
        assert_error(&open.ends().await, ErrorKind::Lost, &["goodbye"]);
        // And stays one.
        assert_error(&open.ends().await, ErrorKind::Lost, &[]);
    })
    .await;
}
