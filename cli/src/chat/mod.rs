//! `kaiwa` and `kaiwa chat`: a conversation with whatever is at the other end.

mod assets;
mod circles;
mod commands;
mod completion;
mod conversation;
mod ctrl_c;
mod editor;
mod input;
mod jobs;
mod ledger;
mod lists;
mod orders;
mod present;
mod said;
mod screen;
mod show;
mod shown;
mod status;
mod target;
mod uploads;

use std::sync::Arc;

use kaiwa_protocols::{AuthField, Error, Registry};

use crate::accounts::{self, Accounts};
use crate::args::{Chat, ChatOn, Talk};
use crate::embedded::Home;
use crate::exit::Code;
use crate::interrupt::Interrupt;
use crate::link::Link;
use crate::login::Login;
use crate::{dirs, form, terminal, text};

use completion::Completion;
use conversation::Conversation;
use ctrl_c::CtrlC;
use screen::{Pipe, Screen, Terminal};

/// The name of those who have none.
const GUEST: &str = "guest";

/// The network of one's own server.
const OWN: &str = "oshi";

/// The id of its lobby's `general`, the first channel there is.
const GENERAL: &str = "s1";

/// `kaiwa` alone: an account, or the server of one's own.
///
/// # Errors
/// What ends it.
pub(crate) async fn run(args: &Chat) -> Result<Code, Error> {
    let accounts = Accounts::load()?;
    let account = match &args.account {
        Some(label) => Some(accounts.get(label)?),
        None if args.local => None,
        None => accounts.first_autoconnect(),
    };
    match account {
        Some(account) => with_account(account, args).await,
        None => at_home(&name(args, &accounts), &args.talk).await,
    }
}

/// `kaiwa chat PROTOCOL`.
///
/// # Errors
/// What ends it.
pub(crate) async fn run_on(args: &ChatOn) -> Result<Code, Error> {
    let Login { entry, form } = Login::given(&args.protocol, &args.fields)?;
    let interrupt = Interrupt::install()?;
    let who = who(&form, entry.name);
    let link = Link::start(entry, form, !args.talk.no_reconnect)?;
    talk(link, interrupt, &args.talk, who).await
}

async fn with_account(account: &accounts::Account, args: &Chat) -> Result<Code, Error> {
    let Login { entry, mut form } = Login::kept(account)?;
    if let Some(name) = &args.name {
        form::set_name(&(entry.protocol)(), &mut form, name)?;
    }
    let interrupt = Interrupt::install()?;
    let who = who(&form, entry.name);
    let link = Link::start(entry, form, !args.talk.no_reconnect)?;
    talk(link, interrupt, &args.talk, who).await
}

/// Nobody is asked anything here: where an account is missing it is made, and where its name is taken it gets another one.
async fn at_home(name: &str, args: &Talk) -> Result<Code, Error> {
    let entry = Registry::get(OWN)?;
    let mut interrupt = Interrupt::install()?;
    let dir = dirs::data()?;
    let mut home = tokio::select! {
        code = interrupt.wait() => return Ok(code),
        home = Home::enter(&dir, name) => home?,
    };
    loop {
        let form = home.form();
        let who = who(&form, entry.name);
        let mut link = Link::start(entry, form, !args.no_reconnect)?;
        match link.signed_in(&mut interrupt).await {
            Ok(None) => {
                let news = home.signed_in()?;
                home.arrived();
                let channel = args.channel.as_deref().unwrap_or(GENERAL).to_owned();
                let mut conversation =
                    conversation(link, &interrupt, args, Some(channel), &who).await?;
                if let Some(news) = news {
                    conversation.say_of_oneself(&news).await;
                }
                return conversation.at_home(home).run(interrupt).await;
            }
            Ok(Some(code)) => {
                link.hang_up().await;
                return Ok(code);
            }
            Err(error) => {
                link.hang_up().await;
                if !home.refused(error.kind())? {
                    return Err(error);
                }
            }
        }
    }
}

/// Signs in, then talks.
async fn talk(
    mut link: Link,
    mut interrupt: Interrupt,
    args: &Talk,
    who: String,
) -> Result<Code, Error> {
    if let Some(code) = link.signed_in(&mut interrupt).await? {
        link.hang_up().await;
        return Ok(code);
    }
    let conversation = conversation(link, &interrupt, args, args.channel.clone(), &who).await?;
    conversation.run(interrupt).await
}

/// The conversation of somebody who is signed in, on a terminal or over pipes.
async fn conversation(
    link: Link,
    interrupt: &Interrupt,
    args: &Talk,
    channel: Option<String>,
    who: &str,
) -> Result<Conversation, Error> {
    if !terminal::is_interactive() {
        let screen = Screen::Pipe(Pipe::new(args.ids));
        let lines = input::lines();
        return Ok(Conversation::new(
            link,
            screen,
            lines,
            channel,
            args.commands,
        ));
    }
    let prompt = format!("{}> ", text::one_line(who));
    let completion = Completion::new(link.client.clone(), link.account);
    let key = Arc::new(CtrlC::default());
    let (input, printer) = editor::start(prompt, completion, interrupt.clone(), Arc::clone(&key))?;
    let mut screen = Screen::Terminal(Terminal::new(printer, args.ids));
    let greeting = format!("you are {who}; /help shows the commands, Ctrl-D leaves");
    // A terminal that is gone already ends the conversation, not this.
    let _ = screen.notice(&greeting).await;
    Ok(Conversation::new(link, screen, input, channel, true).with_key(key))
}

/// Who one is, as far as the form tells.
fn who(form: &[AuthField], network: &str) -> String {
    ["name", "display", "account"]
        .into_iter()
        .find_map(|field| AuthField::find(form, field))
        .unwrap_or(network)
        .to_owned()
}

/// The name to have on the server of one's own.
fn name(args: &Chat, accounts: &Accounts) -> String {
    let login = || {
        ["USER", "LOGNAME", "USERNAME"]
            .into_iter()
            .find_map(|variable| std::env::var(variable).ok())
    };
    args.name
        .clone()
        .or_else(|| accounts.name().map(str::to_owned))
        .or_else(login)
        .filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| GUEST.to_owned())
}
