//! SOCKS5 and HTTP CONNECT proxies, which here lead every name to one local server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use kaiwa_core::ErrorKind;
use kaiwa_core::session::{HttpRequest, Target};
use kaiwa_protocols::transport::{Connector, HttpProgress, Network, Proxy, TransportOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::http::{answer, get};
use crate::peer::{
    Authority, Open, assert_error, bounded, echo, read_head, read_to_end, refused, refusing, serve,
    tcp, websocket,
};

const USER: &str = "ann@home";
const PASSWORD: &str = "p:a ss/ü";

/// What a proxy was asked for, in order.
type Asked = Arc<Mutex<Vec<String>>>;

#[derive(Clone, Copy, PartialEq)]
enum Login {
    Open,
    Needed,
}

async fn relay(mut client: TcpStream, to: SocketAddr) {
    let mut server = TcpStream::connect(to).await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

/// RFC 1928 and RFC 1929, as far as needed.
async fn socks5(to: SocketAddr, login: Login) -> (SocketAddr, Asked) {
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    let address = serve(move |mut stream| {
        let log = Arc::clone(&log);
        async move {
            assert_eq!(stream.read_u8().await.unwrap(), 5);
            let methods = read_string(&mut stream).await;
            let method = match login {
                Login::Open => 0,
                Login::Needed if methods.contains('\u{2}') => 2,
                Login::Needed => 0xff,
            };
            stream.write_all(&[5, method]).await.unwrap();
            if method == 2 {
                assert_eq!(stream.read_u8().await.unwrap(), 1);
                let user = read_string(&mut stream).await;
                let password = read_string(&mut stream).await;
                let good = user == USER && password == PASSWORD;
                stream.write_all(&[1, u8::from(!good)]).await.unwrap();
                if !good {
                    return;
                }
            }
            let mut head = [0; 4];
            if stream.read_exact(&mut head).await.is_err() {
                return;
            }
            let host = match head {
                [5, 1, 0, 3] => read_string(&mut stream).await,
                [5, 1, 0, 1] => {
                    std::net::Ipv4Addr::from(stream.read_u32().await.unwrap()).to_string()
                }
                other => panic!("{other:?}"),
            };
            let port = stream.read_u16().await.unwrap();
            let reply = if host == "forbidden.example" { 2 } else { 0 };
            log.lock().unwrap().push(format!("{host}:{port}"));
            stream
                .write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0])
                .await
                .unwrap();
            if reply == 0 {
                relay(stream, to).await;
            }
        }
    })
    .await;
    (address, asked)
}

async fn read_string(stream: &mut TcpStream) -> String {
    let mut text = vec![0; usize::from(stream.read_u8().await.unwrap())];
    stream.read_exact(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

/// CONNECT for everything, and plain requests passed on with the whole address, as HTTP clients do without TLS.
async fn connect(to: SocketAddr, login: Login) -> (SocketAddr, Asked) {
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    let address = serve(move |mut stream| {
        let log = Arc::clone(&log);
        async move {
            let head = read_head(&mut stream).await;
            // "ann@home:p:a ss/ü" in base64.
            let good = "\r\nproxy-authorization: basic yw5uqghvbwu6cdphihnzl8o8\r\n";
            if login == Login::Needed && !head.to_lowercase().contains(good) {
                let refusal =
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
                stream.write_all(refusal).await.unwrap();
                return;
            }
            let mut words = head.split(' ');
            let (method, target) = (words.next().unwrap(), words.next().unwrap());
            log.lock().unwrap().push(target.to_owned());
            if method != "CONNECT" {
                stream
                    .write_all(&answer("200 OK", "proxied"))
                    .await
                    .unwrap();
            } else if target.starts_with("forbidden.example") {
                stream
                    .write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                    .await
                    .unwrap();
            } else {
                stream
                    .write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
                    .await
                    .unwrap();
                relay(stream, to).await;
            }
        }
    })
    .await;
    (address, asked)
}

fn through(scheme: &str, proxy: SocketAddr, login: Option<(&str, &str)>) -> TransportOptions {
    let url = format!("{scheme}://{proxy}");
    let (user, password) = login.unzip();
    let mut options = TransportOptions::default();
    options.proxy = Proxy::from_fields(Some(&url), user, password).unwrap();
    options
}

/// Each kind of proxy, without and with the login it needs.
async fn each_proxy(to: SocketAddr) -> Vec<(TransportOptions, Asked)> {
    let mut all = Vec::new();
    for (login, given) in [(Login::Open, None), (Login::Needed, Some((USER, PASSWORD)))] {
        let (proxy, asked) = socks5(to, login).await;
        all.push((through("socks5", proxy, given), asked));
        let (proxy, asked) = connect(to, login).await;
        all.push((through("http", proxy, given), asked));
    }
    all
}

#[tokio::test]
async fn websockets_go_through_and_the_proxy_resolves_the_name() {
    bounded(async {
        let server = serve(echo).await;
        for (options, asked) in each_proxy(server).await {
            let network = Network::new(options);
            let target = websocket("ws://chat.invalid:81/");
            Open::to(&network, &target).await.echoes("hello").await;
            let target = websocket(format!("ws://{server}/"));
            Open::to(&network, &target).await.echoes("hello").await;
            let asked = asked.lock().unwrap().clone();
            assert_eq!(asked, ["chat.invalid:81".to_owned(), server.to_string()]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_login_that_the_proxy_does_not_ask_for_does_no_harm() {
    bounded(async {
        let server = serve(echo).await;
        let given = Some((USER, PASSWORD));
        let (socks5, _) = socks5(server, Login::Open).await;
        let (http, _) = connect(server, Login::Open).await;
        for options in [
            through("socks5", socks5, given),
            through("http", http, given),
        ] {
            let target = websocket("ws://chat.invalid/");
            let mut open = Open::to(&Network::new(options), &target).await;
            open.echoes("hello").await;
        }
    })
    .await;
}

#[tokio::test]
async fn tls_goes_through_end_to_end() {
    bounded(async {
        let authority = Authority::new();
        let acceptor = Arc::new(authority.acceptor("chat.invalid"));
        let server = serve(move |stream| {
            let acceptor = Arc::clone(&acceptor);
            async move { echo(acceptor.accept(stream).await.unwrap()).await }
        })
        .await;
        for (mut options, asked) in each_proxy(server).await {
            options.ca_file = Some(authority.file());
            let network = Network::new(options);
            let target = websocket("wss://chat.invalid/");
            Open::to(&network, &target).await.echoes("secret").await;
            let asked = asked.lock().unwrap().clone();
            assert_eq!(asked, ["chat.invalid:443"]);
        }
    })
    .await;
}

#[tokio::test]
async fn byte_streams_go_through_though_the_server_speaks_first() {
    bounded(async {
        let server = serve(|mut stream| async move {
            stream.write_all(b"220 welcome\r\n").await.unwrap();
            read_to_end(stream).await;
        })
        .await;
        for (options, _) in each_proxy(server).await {
            let target = Target::Tcp {
                host: "chat.invalid".to_owned(),
                port: 25,
            };
            let mut open = Open::to(&Network::new(options), &target).await;
            open.expect_bytes(b"220 welcome\r\n").await;
        }
    })
    .await;
}

#[tokio::test]
async fn http_goes_through() {
    bounded(async {
        let server = serve(|mut stream| async move {
            read_head(&mut stream).await;
            stream
                .write_all(&answer("200 OK", "proxied"))
                .await
                .unwrap();
        })
        .await;
        for (options, asked) in each_proxy(server).await {
            let request = HttpRequest {
                url: "http://chat.invalid:81/x".to_owned(),
                ..get()
            };
            let response = Network::new(options)
                .http(request, &HttpProgress::default())
                .await
                .unwrap();
            assert_eq!(response.body, b"proxied");
            let asked = asked.lock().unwrap().join(" ");
            assert!(asked.contains("chat.invalid:81"), "{asked}");
        }
    })
    .await;
}

#[tokio::test]
async fn https_goes_through_end_to_end() {
    bounded(async {
        let authority = Authority::new();
        let acceptor = Arc::new(authority.acceptor("chat.invalid"));
        let server = serve(move |stream| {
            let acceptor = Arc::clone(&acceptor);
            async move {
                let mut stream = acceptor.accept(stream).await.unwrap();
                read_head(&mut stream).await;
                stream.write_all(&answer("200 OK", "secret")).await.unwrap();
                stream.flush().await.unwrap();
                read_to_end(stream).await;
            }
        })
        .await;
        for (mut options, asked) in each_proxy(server).await {
            options.ca_file = Some(authority.file());
            let request = HttpRequest {
                url: "https://chat.invalid/x".to_owned(),
                ..get()
            };
            let response = Network::new(options)
                .http(request, &HttpProgress::default())
                .await
                .unwrap();
            assert_eq!(response.body, b"secret");
            assert_eq!(*asked.lock().unwrap(), ["chat.invalid:443"]);
        }
    })
    .await;
}

/// Every kind of target and an HTTP request fail with kind `Proxy`, these words, and no password.
async fn assert_proxy_error(options: TransportOptions, host: &str, words: &[&str]) {
    let network = Network::new(options);
    for target in [
        websocket(format!("ws://{host}/")),
        websocket(format!("wss://{host}/")),
        Target::Tcp {
            host: host.to_owned(),
            port: 1,
        },
    ] {
        let error = refused(&network, &target).await;
        assert_error(&error, ErrorKind::Proxy, words);
        assert!(!error.chain().contains(PASSWORD), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_says_what_to_do() {
    bounded(async {
        let server = serve(echo).await;
        let wrong = Some((USER, "wrong"));
        for (scheme, login, given, host, words) in [
            (
                "socks5",
                Login::Needed,
                None,
                "chat.invalid",
                "`proxy_user`",
            ),
            ("socks5", Login::Needed, wrong, "chat.invalid", "check them"),
            (
                "socks5",
                Login::Open,
                None,
                "forbidden.example",
                "not allowed",
            ),
            ("http", Login::Needed, None, "chat.invalid", "`proxy_user`"),
            ("http", Login::Needed, wrong, "chat.invalid", "check them"),
            ("http", Login::Open, None, "forbidden.example", "status 403"),
        ] {
            let (proxy, _) = match scheme {
                "http" => connect(server, login).await,
                _ => socks5(server, login).await,
            };
            let options = through(scheme, proxy, given);
            let name = proxy.to_string();
            assert_proxy_error(options.clone(), host, &[words, &name]).await;
            let request = HttpRequest {
                url: format!("https://{host}/?token=hunter2"),
                ..get()
            };
            let error = Network::new(options)
                .http(request, &HttpProgress::default())
                .await
                .unwrap_err();
            assert_error(&error, ErrorKind::Proxy, &[&name]);
            assert!(!error.chain().contains("hunter2"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_plain_request_that_the_proxy_refuses_is_a_proxy_error() {
    bounded(async {
        let (proxy, _) = connect(refusing().await, Login::Needed).await;
        let request = HttpRequest {
            url: "http://chat.invalid/".to_owned(),
            ..get()
        };
        let network = Network::new(through("http", proxy, None));
        let error = network
            .http(request, &HttpProgress::default())
            .await
            .unwrap_err();
        assert_error(&error, ErrorKind::Proxy, &["`proxy_user`"]);
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_is_not_there_or_is_none_is_a_proxy_error() {
    bounded(async {
        for scheme in ["socks5", "http"] {
            let nobody = refusing().await;
            let options = through(scheme, nobody, None);
            assert_proxy_error(options.clone(), "chat.invalid", &["cannot be reached"]).await;
            let request = HttpRequest {
                url: "http://chat.invalid/".to_owned(),
                ..get()
            };
            let error = Network::new(options)
                .http(request, &HttpProgress::default())
                .await
                .unwrap_err();
            assert_error(&error, ErrorKind::Proxy, &[&nobody.to_string()]);

            let leaves = serve(|stream| async { drop(stream) }).await;
            assert_proxy_error(through(scheme, leaves, None), "chat.invalid", &[]).await;

            let other = serve(|mut stream| async move {
                stream.write_all(b"SSH-2.0-x\r\n\r\n").await.unwrap();
                read_to_end(stream).await;
            })
            .await;
            assert_proxy_error(through(scheme, other, None), "chat.invalid", &[]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    bounded(async {
        let endless =
            serve(
                |mut stream| async move { while stream.write_all(&[b'x'; 1024]).await.is_ok() {} },
            )
            .await;
        let words = ["does not end"];
        assert_proxy_error(through("http", endless, None), "chat.invalid", &words).await;
    })
    .await;
}

#[tokio::test]
async fn a_silent_proxy_times_out() {
    bounded(async {
        let silent = serve(|stream| async {
            read_to_end(stream).await;
        })
        .await;
        for scheme in ["socks5", "http"] {
            let mut options = through(scheme, silent, None);
            options.connect_timeout = std::time::Duration::from_millis(300);
            let error = refused(&Network::new(options), &tcp(silent)).await;
            assert_error(&error, ErrorKind::TimedOut, &["proxy"]);
        }
    })
    .await;
}
