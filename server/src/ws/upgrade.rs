//! From an HTTP request to a socket that speaks WebSocket.

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use crate::listen::{Patient, Socket};

/// Why a request is no WebSocket handshake.
#[derive(Debug)]
pub(crate) struct Refused(String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.0).into_response()
    }
}

/// Answers a handshake. The future gives the socket, and what the client has sent already, once the answer is written.
///
/// # Errors
/// For a request that is no WebSocket handshake: to be answered with 400.
pub(crate) fn upgrade(
    mut request: Request,
) -> Result<
    (
        Response,
        impl Future<Output = Option<(Socket, Bytes)>> + Send,
    ),
    Refused,
> {
    let response = create_response_with_body(&request, Body::empty)
        .map_err(|error| Refused(format!("this path speaks WebSocket only: {error}\n")))?;
    let upgraded = hyper::upgrade::on(&mut request);
    let socket = async move {
        // The client may be gone before it got its answer.
        let upgraded = upgraded.await.ok()?;
        let parts = upgraded.downcast::<TokioIo<Patient<Socket>>>().ok()?;
        Some((parts.io.into_inner().into_inner(), parts.read_buf))
    };
    Ok((response, socket))
}
