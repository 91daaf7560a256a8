//! HTTP/1.1, as much of it as the clients of a chat server need, at both ends.

use kaiwa_protocols::session::{HttpBody, HttpRequest, HttpResponse};
use kaiwa_protocols::transport::HttpProgress;
use kaiwa_protocols::{Error, ErrorKind};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// A request that came in.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answer(Answer),
    /// The connection ends in the middle of the answer.
    Half(Answer),
    /// The connection ends.
    Drop,
    /// Nothing, for ever.
    Hang,
}

impl Request {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// Answers requests until the stream ends.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    handle: impl Fn(&Request) -> Outcome,
) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await {
        let close = request.header("connection") == Some("close");
        let (answer, half) = match handle(&request) {
            Outcome::Answer(answer) => (answer, false),
            Outcome::Half(answer) => (answer, true),
            Outcome::Drop => break,
            Outcome::Hang => std::future::pending().await,
        };
        let mut bytes = encode(&answer);
        if half {
            bytes.truncate(bytes.len() - answer.body.len() / 2 - 1);
        }
        let written = stream.write_all(&bytes).await.is_ok() && stream.flush().await.is_ok();
        if !written || close || half {
            break;
        }
    }
    // What was written must arrive.
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Request> {
    let (first, headers, body) = read_message(stream).await?;
    let mut words = first.split(' ');
    Some(Request {
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        headers,
        body,
    })
}

fn encode(answer: &Answer) -> Vec<u8> {
    let Answer {
        status,
        content_type,
        body,
    } = answer;
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Status\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Asks over a stream of its own, in memory.
pub(crate) async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: HttpRequest,
    progress: &HttpProgress,
) -> Result<HttpResponse, Error> {
    let body = Body::of(&request.body).await?;
    let limit = tokio::time::timeout(request.timeout, exchange(stream, &request, body, progress));
    let response = limit
        .await
        .map_err(|_| Error::from(ErrorKind::TimedOut))?
        .ok_or_else(|| Error::from(ErrorKind::Lost))?;
    if response.body.len() > request.max_response_bytes {
        return Err(ErrorKind::TooLarge.into());
    }
    Ok(response)
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &HttpRequest,
    body: Body,
    progress: &HttpProgress,
) -> Option<HttpResponse> {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut reader = BufReader::new(reader);
    let (_, rest) = request.url.split_once("://")?;
    let target = rest.find('/').map_or("/", |at| &rest[at..]);
    let mut head = format!(
        "{} {target} HTTP/1.1\r\nHost: memory\r\nConnection: close\r\nContent-Length: {}\r\n",
        request.method, body.total
    );
    for (name, value) in &request.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    let ask = async {
        // Who has answered need not read on.
        if writer.write_all(head.as_bytes()).await.is_ok() {
            let _ = body.write(&mut writer, progress).await;
        }
        std::future::pending().await
    };
    let (first, headers, body) = tokio::select! {
        answer = read_message(&mut reader) => answer?,
        never = ask => never,
    };
    Some(HttpResponse {
        status: first.split(' ').nth(1)?.parse().ok()?,
        headers,
        body,
    })
}

/// The body of a request, and its length.
struct Body {
    bytes: Box<dyn AsyncRead + Send + Unpin>,
    total: u64,
    is_file: bool,
}

impl Body {
    async fn of(body: &HttpBody) -> Result<Self, Error> {
        match body {
            HttpBody::Bytes(bytes) => Ok(Self {
                total: bytes.len() as u64,
                bytes: Box::new(std::io::Cursor::new(bytes.clone())),
                is_file: false,
            }),
            HttpBody::File { path, max_bytes } => {
                let file = tokio::fs::File::open(path).await;
                let file = file.map_err(|_| Error::from(ErrorKind::NotFound))?;
                let total = file.metadata().await.unwrap().len();
                if total > *max_bytes {
                    return Err(ErrorKind::TooLong.into());
                }
                Ok(Self {
                    bytes: Box::new(file),
                    total,
                    is_file: true,
                })
            }
            other => panic!("no such body here: {other:?}"),
        }
    }

    async fn write(
        mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        progress: &HttpProgress,
    ) -> std::io::Result<()> {
        let (mut piece, mut sent) = ([0; 4096], 0);
        loop {
            if self.is_file {
                progress.report(sent, self.total);
            }
            let read = self.bytes.read(&mut piece).await?;
            if read == 0 {
                return stream.flush().await;
            }
            stream.write_all(&piece[..read]).await?;
            sent += read as u64;
        }
    }
}

/// The first line, the headers with their names in lower case, the body.
async fn read_message(
    stream: &mut (impl AsyncBufReadExt + Unpin),
) -> Option<(String, Vec<(String, String)>, Vec<u8>)> {
    let first = read_line(stream).await?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = header(&headers, "content-length").unwrap_or("0");
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some((first, headers, body))
}

/// A line without its end; `None` if the stream ends before.
async fn read_line(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    Some(line.strip_suffix("\r\n")?.to_owned())
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = headers.iter().filter(|(key, _)| key == name);
    found.next().map(|(_, value)| value.as_str())
}
