//! Attachments as files: networks take files of this machine along, hosts send bytes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt as _;

use crate::flubber::wire::Attachment;
use crate::flubber::wire::fragments::FILE_NAME;
use crate::{Error, ErrorKind, MessageFragment};

/// An attachment that lies in a file of its own, for nobody else's eyes; removed when dropped.
#[derive(Debug)]
pub(super) struct Stored {
    path: PathBuf,
    name: String,
    mime: String,
}

impl Stored {
    /// Writes an attachment to the directory for temporary files.
    ///
    /// # Errors
    /// `Storage` if that fails.
    pub(super) async fn write(attachment: &Attachment) -> Result<Self, Error> {
        let path = std::env::temp_dir().join(fresh_name()?);
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let failed = |error: std::io::Error| {
            let text = "an attachment finds no room in the directory for temporary files";
            Error::new(ErrorKind::Storage, text).with_source(error)
        };
        let mut file = options.open(&path).await.map_err(failed)?;
        let (mime, name) = attachment.mime_and_name();
        let stored = Self {
            path,
            name: name.unwrap_or_else(|| FILE_NAME.to_owned()),
            mime,
        };
        file.write_all(&attachment.data).await.map_err(failed)?;
        file.flush().await.map_err(failed)?;
        Ok(stored)
    }

    /// The file as it goes along with a message.
    pub(super) fn fragment(&self) -> MessageFragment {
        MessageFragment::Upload {
            path: self.path.to_string_lossy().into_owned(),
            name: Some(self.name.clone()),
            mime: Some(self.mime.clone()),
        }
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        // Whoever has removed it already has done this work.
        let _ = std::fs::remove_file(Path::new(&self.path));
    }
}

/// A name that nobody has guessed: 128 random bits.
fn fresh_name() -> Result<String, Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| {
        Error::new(ErrorKind::Internal, "there is no source of randomness").with_source(error)
    })?;
    let mut name = "kaiwa-attachment-".to_owned();
    for byte in random {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_lives_as_long_as_it_is_needed() {
        let attachment = Attachment {
            data: b"bytes".to_vec(),
            mime: "text/plain".to_owned(),
        };
        let stored = Stored::write(&attachment).await.unwrap();
        let path = stored.path.clone();
        assert_eq!(std::fs::read(&path).unwrap(), b"bytes");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{mode:o}");
        }
        drop(stored);
        assert!(!path.exists());
    }
}
