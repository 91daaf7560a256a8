//! A server in a process of its own, which can be killed.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// `kaiwa serve` in a process of its own, which dies with this value.
pub(crate) struct Served(Child);

impl Served {
    /// Starts it on a port, 0 for any; gives the port.
    pub(crate) fn start(data: &Path, port: u16) -> (Self, u16) {
        let config = data.with_extension("toml");
        let text =
            format!("listen = \"127.0.0.1:{port}\"\ndata_dir = {data:?}\noshi_rate_count = 0\n");
        std::fs::write(&config, text).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_kaiwa"))
            .args(["serve", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line.strip_prefix("ws://127.0.0.1:").unwrap();
        let port = address.split('/').next().unwrap().parse().unwrap();
        (Self(child), port)
    }

    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Dead already, if the test went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
