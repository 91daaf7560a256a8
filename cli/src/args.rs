//! The command line, as it is parsed and as `--help` explains it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::exit;

const EXAMPLES: &str = "\
Examples:
  kaiwa                                      chat: starts a server of your own, or joins it
  printf 'hello\\nworld\\n' | kaiwa            say two lines there, see both as delivered
  kaiwa chat wschat --set url=ws://localhost:80 --set name=ann
  kaiwa watch wschat --set url=wss://chat.example.org --set name=ann --json
  kaiwa send wschat --set url=ws://localhost:80 --set name=ann --set-env jwt=TOKEN 'hello'
  printf '/history 5\\n/contacts\\n' | kaiwa --account work --commands
  printf '/upload notes.txt\\n/react -1 👍\\n' | kaiwa --commands
  kaiwa send --account work --channel lobby 'hello'
  kaiwa account add wschat --set url=wss://chat.example.org --set name=ann
  kaiwa protocols                            the networks and their login fields
  kaiwa log --limit 10                       the newest messages that your own server has kept
  kaiwa serve --print-config > kaiwa.toml    a server for others, every option explained
  kaiwa backend wschat --set url=ws://localhost:80 --set name=ann
  kaiwa backend-check ./my-backend --its-option

On a terminal a line that begins with / is a command; /help lists them.

In a pipe (standard input or output is no terminal):
  Each line of the standard input is a message to the current channel; empty ones are skipped.
  Each message, own or not, is one `name: text` on the standard output when it is delivered, with
  the text as it was received; one of another channel begins with `[channel] `. Everything else is
  said on the standard error. A file is `name (size): address` behind the text. With --ids the id
  stands in front. At the end of the input the program waits until all is settled.
  With --commands a line that begins with / is a command, one carried out after the other; what it
  shows is said on the standard error.

Passwords never stand on the command line: --set-env FIELD=VARIABLE, --set-command FIELD='COMMAND'
(its first line of output; no shell), or --ask FIELD. A required one is asked for by itself.

Environment: KAIWA_CONFIG_DIR and KAIWA_DATA_DIR instead of the platform's directories; NO_COLOR;
RUST_LOG chooses what is logged to the standard error, in finer steps than -v.
";

/// Chat on many networks, or on a server of your own.
///
/// Without a command: chat, with your first account if you have one, else on a server on this machine that is started if
/// none runs, and ends with its last guest.
#[derive(Debug, Parser)]
#[command(
    name = "kaiwa",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) chat: Chat,

    /// Log to the standard error; twice or three times for more.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Chat on a network
    Chat(ChatOn),
    /// Show every event of an account until it ends or Ctrl-C
    Watch(Watch),
    /// Send one message; succeeds only when it is delivered
    Send(Send),
    /// List the networks, their login fields and what they can do
    Protocols(Protocols),
    /// Keep accounts for later: add, list, remove
    #[command(subcommand)]
    Account(Account),
    /// Print the newest messages that a server of this machine has kept, running or not
    Log(Log),
    /// Run a server for others
    Serve(Serve),
    /// Be a backend for another program, in JSON on standard input and output
    Backend(Backend),
    /// Check that a program is a backend as hosts expect it
    BackendCheck(BackendCheck),
}

/// How to chat.
#[derive(Clone, Debug, Args)]
pub(crate) struct Chat {
    /// Your name; else that of the accounts file, of your login, or `guest`
    #[arg(short, long)]
    pub(crate) name: Option<String>,

    /// The account to chat with
    #[arg(short, long, value_name = "LABEL", conflicts_with = "local")]
    pub(crate) account: Option<String>,

    /// Chat on this machine's own server even if there are accounts
    #[arg(long)]
    pub(crate) local: bool,

    #[command(flatten)]
    pub(crate) talk: Talk,
}

/// What every conversation can be told.
#[derive(Clone, Debug, Args)]
pub(crate) struct Talk {
    /// The channel to talk in, by id or name; joined first where the network knows joining
    #[arg(short, long)]
    pub(crate) channel: Option<String>,

    /// Take lines that begin with / for commands also in a pipe; /help lists them
    #[arg(long)]
    pub(crate) commands: bool,

    /// Show the id of each message in front of it; commands take it for MESSAGE
    #[arg(long)]
    pub(crate) ids: bool,

    /// End when the connection is lost
    #[arg(long)]
    pub(crate) no_reconnect: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ChatOn {
    /// The network; `kaiwa protocols` lists them
    pub(crate) protocol: String,

    #[command(flatten)]
    pub(crate) fields: Fields,

    #[command(flatten)]
    pub(crate) talk: Talk,
}

/// How a login form is filled.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Fields {
    /// Fill a login field; not a password
    #[arg(short, long = "set", value_name = "FIELD=VALUE")]
    pub(crate) set: Vec<String>,

    /// Fill a login field from an environment variable
    #[arg(long, value_name = "FIELD=VARIABLE")]
    pub(crate) set_env: Vec<String>,

    /// Fill a login field with the first line that a command prints
    #[arg(long, value_name = "FIELD=COMMAND")]
    pub(crate) set_command: Vec<String>,

    /// Ask for a login field at the terminal, unseen
    #[arg(long, value_name = "FIELD")]
    pub(crate) ask: Vec<String>,
}

/// An account kept for later, in place of a network and its login fields.
#[derive(Clone, Debug, Args)]
pub(crate) struct Kept {
    /// The kept account to sign in with, instead of PROTOCOL and its login fields
    #[arg(short, long, value_name = "LABEL", conflicts_with_all = ["set", "set_env", "set_command", "ask"])]
    pub(crate) account: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "kaiwa watch [OPTIONS] <PROTOCOL>\n       kaiwa watch [OPTIONS] --account <LABEL>"
)]
pub(crate) struct Watch {
    /// The network; `kaiwa protocols` lists them
    #[arg(required_unless_present = "account", conflicts_with = "account")]
    pub(crate) protocol: Option<String>,

    #[command(flatten)]
    pub(crate) fields: Fields,

    #[command(flatten)]
    pub(crate) kept: Kept,

    /// Show only what happens in this channel, by id or name; joined first where the network knows joining
    #[arg(short, long)]
    pub(crate) channel: Option<String>,

    /// Print each event as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// End when the connection is lost
    #[arg(long)]
    pub(crate) no_reconnect: bool,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "kaiwa send [OPTIONS] <PROTOCOL> <TEXT>\n       kaiwa send [OPTIONS] --account <LABEL> <TEXT>"
)]
pub(crate) struct Send {
    /// The network, if no account is given, then what to say; `-` reads the standard input
    #[arg(required = true, num_args = 1..=2, value_names = ["PROTOCOL", "TEXT"])]
    pub(crate) words: Vec<String>,

    #[command(flatten)]
    pub(crate) fields: Fields,

    #[command(flatten)]
    pub(crate) kept: Kept,

    /// Where to say it, by id or name; joined first where the network knows joining. The current channel if left out
    #[arg(short, long)]
    pub(crate) channel: Option<String>,

    /// How long it may take in all
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Protocols {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Keep an account; its secrets stay where --set-env and --set-command point to
    Add(AccountAdd),
    /// List the accounts, without secrets
    List,
    /// Forget an account
    Remove {
        /// The account's label, as in the list
        label: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AccountAdd {
    /// The network; `kaiwa protocols` lists them
    pub(crate) protocol: String,

    #[command(flatten)]
    pub(crate) fields: Fields,

    /// What to call the account; the network's name if left out
    #[arg(short, long, value_name = "LABEL")]
    pub(crate) name: Option<String>,

    /// `kaiwa` alone does not chat with it
    #[arg(long)]
    pub(crate) no_autoconnect: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Log {
    /// The server's data directory; that of `kaiwa` alone if left out
    #[arg(short, long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// At most so many messages
    #[arg(short, long, value_name = "N", default_value_t = DEFAULT_LOG_MESSAGES)]
    pub(crate) limit: usize,

    /// Print each message as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Messages that `kaiwa log` prints: about what a terminal shows at once.
const DEFAULT_LOG_MESSAGES: usize = 50;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The configuration (TOML)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Print a configuration with every option, its meaning and its default
    #[arg(long, conflicts_with_all = ["config", "listen", "data"])]
    pub(crate) print_config: bool,

    /// Listen here; port 0 takes a free one
    #[arg(short, long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,

    /// Keep the database here
    #[arg(short, long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// Serve the conversations of `kaiwa` alone: reports to its parent and ends with the last guest.
    #[arg(long, hide = true, requires = "data", conflicts_with = "config")]
    pub(crate) embedded: bool,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "kaiwa backend [OPTIONS] <PROTOCOL>\n       kaiwa backend [OPTIONS] --account <LABEL>"
)]
pub(crate) struct Backend {
    /// The network; `kaiwa protocols` lists them
    #[arg(required_unless_present = "account", conflicts_with = "account")]
    pub(crate) protocol: Option<String>,

    #[command(flatten)]
    pub(crate) fields: Fields,

    #[command(flatten)]
    pub(crate) kept: Kept,
}

#[derive(Debug, Args)]
pub(crate) struct BackendCheck {
    /// The room to look up, to join and to speak in
    #[arg(short, long, value_name = "NAME", default_value = "#general")]
    pub(crate) room: String,

    /// How long the backend may take for its init info, for an answer, and for its end
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(crate) time_limit: Duration,

    /// The backend, and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub(crate) command: Vec<String>,
}

/// Parses the command line; prints help or a usage error and ends the program where that is asked for.
pub(crate) fn parse() -> Cli {
    let after = format!("{EXAMPLES}\n{}", exit::table());
    let matches = Cli::command()
        .after_help("`kaiwa --help` has examples, the format of pipes and the exit codes.")
        .after_long_help(after)
        .get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// A number of seconds, whole or with a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|duration| !duration.is_zero() && *duration < MAX_TIMEOUT)
        .ok_or_else(|| "a number of seconds above 0 and below a day is wanted".to_owned())
}

/// No message is worth waiting longer for, and sums of times stay far from overflow.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn timeouts_are_bounded() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in ["", "0", "-1", "NaN", "inf", "1e99", "86400", "x"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
