//! TLS: one client configuration, trusting what the platform trusts and perhaps one file more.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use kaiwa_core::{Error, ErrorKind};
use once_cell::sync::OnceCell;
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, ClientConfig};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::address::{Address, invalid};
use super::stream::TlsSocket;

/// Bytes of a file of extra roots; a platform's whole set is 250 KiB.
const MAX_CA_FILE_BYTES: u64 = 1024 * 1024;

/// The configurations in use by the extra roots that they trust, as PEM. Accounts with the same ones share one: the
/// platform's roots and the remembered sessions in it take a hundred times what a connection does.
static CONFIGS: Mutex<BTreeMap<Vec<u8>, Weak<ClientConfig>>> = Mutex::new(BTreeMap::new());

/// Makes TLS connections.
pub(crate) struct Tls {
    ca_file: Option<PathBuf>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(crate) fn new(ca_file: Option<PathBuf>) -> Self {
        Self {
            ca_file,
            config: OnceCell::new(),
        }
    }

    /// Does the handshake with a server, whose certificate must be made out to the host of `address`.
    ///
    /// # Errors
    /// `Tls`, saying why; `Invalid` for a bad `ca_file` or host.
    pub(crate) async fn connect(
        self: &Arc<Self>,
        address: &Address,
        stream: TcpStream,
    ) -> Result<TlsSocket, Error> {
        let name = address.server_name()?;
        let connector = TlsConnector::from(self.config().await?);
        connector
            .connect(name, stream)
            .await
            .map(Box::new)
            .map_err(|error| failed(address, &error).with_source(error))
    }

    /// The configuration, made at the first call; a failure is tried again at the next.
    ///
    /// # Errors
    /// `Invalid` for a bad `ca_file`, `Tls` where the platform has no roots.
    pub(crate) async fn config(self: &Arc<Self>) -> Result<Arc<ClientConfig>, Error> {
        if let Some(ready) = self.config.get() {
            return Ok(Arc::clone(ready));
        }
        let this = Arc::clone(self);
        // Reads files.
        let made = tokio::task::spawn_blocking(move || {
            this.config
                .get_or_try_init(|| shared(this.ca_file.as_deref()))
                .cloned()
        });
        made.await.map_err(|error| {
            Error::new(ErrorKind::Internal, "the TLS configuration was not made").with_source(error)
        })?
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// The error of a handshake that failed.
pub(crate) fn failed(address: &Address, error: &io::Error) -> Error {
    let message = match cause(error) {
        Some(cause) => explain(address, cause),
        None => format!("{address} ended the connection within the TLS handshake"),
    };
    Error::new(ErrorKind::Tls, message)
}

/// The TLS error inside an IO error, however often it was wrapped.
pub(crate) fn cause(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner
        .downcast_ref()
        .or_else(|| inner.downcast_ref().and_then(cause))
}

fn explain(address: &Address, error: &rustls::Error) -> String {
    use rustls::Error as Tls;
    match error {
        Tls::InvalidCertificate(CertificateError::UnknownIssuer) => format!(
            "the certificate of {address} has an unknown issuer; if it is a private one, name its root certificate (PEM) in the field `ca_file`"
        ),
        Tls::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!(
            "the certificate of {address} is made out to another name; use the name it is made out to"
        ),
        Tls::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => format!(
            "the certificate of {address} has expired; its operator must renew it, or the clock here is wrong"
        ),
        Tls::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => format!("the certificate of {address} is not valid yet; check the clock here"),
        Tls::InvalidCertificate(_) => format!("the certificate of {address} is not good"),
        Tls::InvalidMessage(_) => {
            format!("{address} does not speak TLS; check the port, or use an address without TLS")
        }
        _ => format!("no TLS connection to {address}"),
    }
}

/// The configuration of everybody with the same extra roots.
fn shared(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let pem = ca_file.map(read).transpose()?.unwrap_or_default();
    // Held while one is made, so that nobody makes the same beside it. Nothing below leaves the map half changed.
    let mut configs = CONFIGS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = configs.get(&pem).and_then(Weak::upgrade) {
        return Ok(known);
    }
    let made = configure(ca_file, &pem)?;
    configs.retain(|_, config| config.strong_count() > 0);
    configs.insert(pem, Arc::downgrade(&made));
    Ok(made)
}

/// Makes a configuration with a provider of its own: a process-wide default belongs to the program, not to a library.
fn configure(ca_file: Option<&Path>, pem: &[u8]) -> Result<Arc<ClientConfig>, Error> {
    let roots = ca_file
        .map(|path| roots(path, pem))
        .transpose()?
        .unwrap_or_default();
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(|error| {
        match ca_file {
            Some(path) => bad_file(path, "holds a certificate that cannot be a root"),
            None => Error::new(
                ErrorKind::Tls,
                "this system has no root certificates; install them (package ca-certificates), or name some in the field `ca_file`",
            ),
        }
        .with_source(error)
    })?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            Error::new(ErrorKind::Internal, "no common TLS version").with_source(error)
        })?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_CA_FILE_BYTES + 1).read_to_end(&mut pem))
        .map_err(|error| bad_file(path, "cannot be read").with_source(error))?;
    if pem.len() as u64 > MAX_CA_FILE_BYTES {
        return Err(bad_file(path, "is too large for a list of certificates"));
    }
    Ok(pem)
}

fn roots(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let roots: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| bad_file(path, "is no PEM file").with_source(error))?;
    if roots.is_empty() {
        return Err(bad_file(path, "holds no certificate in PEM form"));
    }
    Ok(roots)
}

fn bad_file(path: &Path, how: &str) -> Error {
    invalid(format!("`ca_file` {} {how}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_roots_share_one_configuration_as_long_as_somebody_uses_it() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["one.pem", "two.pem", "three.pem"].map(|name| folder.path().join(name));
        let pem = || {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            params.self_signed(&key).unwrap().pem()
        };
        let same = pem();
        for (path, pem) in paths.iter().zip([same.clone(), same, pem()]) {
            std::fs::write(path, pem).unwrap();
        }
        let [one, two, three] = paths.map(|path| shared(Some(&path)).unwrap());
        assert!(Arc::ptr_eq(&one, &two));
        assert!(!Arc::ptr_eq(&one, &three));
        let gone = Arc::downgrade(&one);
        drop((one, two));
        assert!(gone.upgrade().is_none());
    }

    #[test]
    fn bad_files_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        for (path, how) in [
            (folder.path().join("missing"), "cannot be read"),
            (write("empty", b""), "holds no certificate"),
            (
                write(
                    "broken",
                    b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
                ),
                "is no PEM file",
            ),
            (
                write(
                    "no-root",
                    b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                ),
                "cannot be a root",
            ),
            (write("large", &vec![b'x'; 1024 * 1024 + 1]), "too large"),
        ] {
            let error = shared(Some(&path)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains(how), "{error}");
        }
    }
}
