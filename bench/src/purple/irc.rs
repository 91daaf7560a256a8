//! An IRC server that lets everybody in, and no more (RFC 2812, sections 3.1 and 5.1); who is to be flooded is put into a
//! channel first.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::socket::SILENCE_LIMIT;

/// Lines written at once.
const CHUNK_LINES: u64 = 200;

/// The server; it ends with the process.
pub(super) struct Irc {
    pub(super) port: u16,
    start: Sender<()>,
}

impl Irc {
    /// Lets any number in, says nothing more, and never closes a connection.
    pub(super) fn quiet() -> Result<Self> {
        let (listener, irc, _) = Self::bind()?;
        thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming().flatten() {
                if welcome(&stream).is_ok() {
                    held.push(stream);
                }
            }
        });
        Ok(irc)
    }

    /// Lets one in, and floods them once told to.
    pub(super) fn flood() -> Result<Self> {
        let (listener, irc, started) = Self::bind()?;
        thread::spawn(move || flood(&listener, &started));
        Ok(irc)
    }

    /// Begins; the client is in by now.
    pub(super) fn start(&self) -> Result<()> {
        self.start.send(()).context("the flood has ended early")
    }

    fn bind() -> Result<(TcpListener, Self, Receiver<()>)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let (start, started) = channel();
        Ok((listener, Self { port, start }, started))
    }
}

/// Waits for the sign-in and answers it; gives the nickname.
fn welcome(stream: &TcpStream) -> Result<String> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE_LIMIT))?;
    let mut reader = BufReader::new(stream);
    let (mut nick, mut is_user) = (String::new(), false);
    while nick.is_empty() || !is_user {
        let mut line = String::new();
        ensure!(reader.read_line(&mut line)? > 0, "gone before signing in");
        let mut words = line.split_whitespace();
        match words.next() {
            Some("NICK") => nick = words.next().unwrap_or_default().to_owned(),
            Some("USER") => is_user = true,
            _ => {}
        }
    }
    write!(
        &mut &*stream,
        ":localhost 001 {nick} :Welcome\r\n:localhost 375 {nick} :-\r\n:localhost 376 {nick} :End\r\n"
    )?;
    Ok(nick)
}

fn flood(listener: &TcpListener, started: &Receiver<()>) -> Result<()> {
    let (mut stream, _) = listener.accept()?;
    let nick = welcome(&stream)?;
    write!(
        stream,
        ":{nick}!{nick}@localhost JOIN #bench\r\n:localhost 353 {nick} = #bench :{nick} ann\r\n\
         :localhost 366 {nick} #bench :End\r\n"
    )?;
    stream.set_read_timeout(None)?;
    // What the client asks about the channel must not fill the socket.
    let mut questions = stream.try_clone()?;
    thread::spawn(move || io::copy(&mut questions, &mut io::sink()));
    started.recv().context("nobody starts the flood")?;
    let mut chunk = Vec::new();
    for first in (0..).step_by(CHUNK_LINES as usize) {
        chunk.clear();
        for number in first..first + CHUNK_LINES {
            write!(
                chunk,
                ":ann!ann@localhost PRIVMSG #bench :{number:x<100}\r\n"
            )?;
        }
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    Ok(())
}
