//! Files over HTTP: `POST /oshi/files?name=…` keeps one, its address gives it back to whoever knows it.
//!
//! Answers that are not a file are one line of text for people; their status is for programs.

mod download;
mod range;
mod refusal;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::{get, post};

use super::Oshi;
use crate::files::{Files, name};
use crate::site::Site;
use crate::store::File;

/// The paths of files, which are the same on every listener of Oshi: addresses are resolved against any of them.
pub(crate) fn routes(front: &Arc<Oshi>, files: &Arc<Files>) -> Router<Site> {
    let (front, kept) = (Arc::clone(front), Arc::clone(files));
    let upload = move |State(site): State<Site>, request: Request| {
        upload::answer(Arc::clone(&front), Arc::clone(&kept), site, request)
    };
    let kept = Arc::clone(files);
    let download = move |State(site): State<Site>, path: download::FilePath, request: Request| {
        download::answer(Arc::clone(&kept), site, path, request)
    };
    Router::new()
        .route("/oshi/files", post(upload))
        .route("/oshi/files/{key}/{name}", get(download))
}

/// The address of a file: a path on this server.
pub(crate) fn address(file: &File) -> String {
    format!("/oshi/files/{}/{}", file.key, name::encode(&file.name))
}
