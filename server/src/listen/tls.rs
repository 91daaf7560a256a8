//! TLS from files.

use std::path::Path;
use std::sync::Arc;

use kaiwa_core::{Error, ErrorKind};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Reads certificate chain and key.
///
/// # Errors
/// `Config`, naming the file.
pub(crate) fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, Error> {
    let unreadable = |option: &str, path: &Path| {
        let text = format!("{option} {} is no readable PEM file", path.display());
        Error::new(ErrorKind::Config, text)
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable("tls_cert", cert).with_source(error))?;
    let key_der = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| unreadable("tls_key", key).with_source(error))?;
    // The provider is named, so that nobody has to install one for the process.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(chain, key_der)
        })
        .map_err(|error| {
            let text = format!(
                "tls_cert {} and tls_key {} do not make a pair",
                cert.display(),
                key.display()
            );
            Error::new(ErrorKind::Config, text).with_source(error)
        })?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
