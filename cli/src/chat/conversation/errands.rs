//! Carrying out commands: what is typed becomes requests, and their answers what is shown.

use kaiwa_protocols::{ChatEvent, ConnectionEvent, Error, ErrorKind, Id, RequestId, StatusEvent};

use super::super::assets;
use super::super::commands::{self, Command, Order, Typed};
use super::super::jobs::{After, Job, What};
use super::super::orders::{Plan, Situation};
use super::super::screen::Gone;
use super::super::show;
use super::Conversation;

impl Conversation {
    /// Does what a line asks for, or holds it back until that can be done.
    pub(super) async fn act(&mut self, typed: Typed) -> Result<(), Gone> {
        match typed {
            Typed::Say(text) => self.say(text).await,
            Typed::Order { ref order, .. } if self.must_wait(order) => {
                self.held = Some(typed);
                Ok(())
            }
            Typed::Order {
                command,
                order,
                line,
            } => self.order(command, order, line).await,
            Typed::Other(_) | Typed::Wrong { .. }
                if !self.screen.is_terminal() && self.ledger.len() > 0 =>
            {
                self.held = Some(typed);
                Ok(())
            }
            Typed::Other(line) => {
                let state = self.state();
                let here = self.here(&state);
                let theirs: Vec<&str> = assets::commands(&state, here.as_deref()).collect();
                let why = commands::unknown(&line, &theirs);
                self.other(line, &why).await
            }
            // What is wrong here may be right for the network's command of that name.
            Typed::Wrong { line, why } => self.other(line, &why).await,
        }
    }

    /// In a script a command is about what was said before it; for a person that matters where they count messages back.
    fn must_wait(&self, order: &Order) -> bool {
        if !self.screen.is_terminal() {
            return self.ledger.len() > 0;
        }
        order.counts_back() && self.connected && self.ledger.len() > self.uploads.len()
    }

    async fn order(
        &mut self,
        command: &'static Command,
        order: Order,
        line: String,
    ) -> Result<(), Gone> {
        let name = show::shortened(&line);
        match self.plan(command, order.clone()) {
            Ok(Plan::Leave) => {
                self.typing = false;
                Ok(())
            }
            Ok(Plan::Show(lines)) => self.notices(&lines).await,
            Ok(Plan::Enter(channel_id)) => self.enter(channel_id).await,
            Ok(Plan::Ask(what, event)) => self.ask(Job { name, what }, event).await,
            Ok(Plan::Say(content)) => {
                if !self.send(content).await? {
                    self.held = Some(Typed::Order {
                        command,
                        order,
                        line,
                    });
                }
                Ok(())
            }
            Ok(Plan::Cancel) => self.give_up().await,
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                self.other(line, &format!("{name}: {error}")).await
            }
            Err(error) => self.refuse(&format!("{name}: {error}")).await,
        }
    }

    /// A command of the network, which is sent as a message is; `why` says what is wrong if there is none.
    async fn other(&mut self, line: String, why: &str) -> Result<(), Gone> {
        let state = self.state();
        let here = self.here(&state);
        let Some(content) = assets::command(&state, here.as_deref(), &line) else {
            return self.refuse(why).await;
        };
        if !self.send(content).await? {
            self.held = Some(Typed::Other(line));
        }
        Ok(())
    }

    /// Gives up the files that are on their way.
    pub(super) async fn give_up(&mut self) -> Result<(), Gone> {
        let withdrawals = self.uploads.withdrawals();
        if withdrawals.is_empty() {
            return self.refuse("/cancel: no file is on its way").await;
        }
        for withdrawal in withdrawals {
            let remove = ChatEvent::Remove {
                channel_id: withdrawal.channel_id,
                message_id: withdrawal.message_id,
            };
            let name = format!("/cancel {}", withdrawal.name);
            let what = What::Cancel;
            self.ask(Job { name, what }, remove.into()).await?;
        }
        Ok(())
    }

    fn plan(&self, command: &Command, order: Order) -> Result<Plan, Error> {
        if order.counts_back() && self.ledger.len() > self.uploads.len() {
            let text = "what you said last is not delivered yet, so nothing can be counted back; try again when it is";
            return Err(Error::new(ErrorKind::State, text));
        }
        let state = self.state();
        let capabilities = self.link.client.capabilities(self.link.account)?;
        command.check(&capabilities)?;
        let here = self.here(&state);
        let situation = Situation {
            state: &state,
            capabilities: &capabilities,
            shown: &self.shown,
            jobs: &self.jobs,
            here: here.as_deref(),
            directory: &self.directory,
        };
        situation.plan(order)
    }

    async fn ask(&mut self, job: Job, event: ConnectionEvent) -> Result<(), Gone> {
        match self.link.client.send(self.link.account, event) {
            Ok(request) => {
                self.jobs.begin(request, job);
                Ok(())
            }
            Err(error) => self.refuse(&job.failed(&error.info())).await,
        }
    }

    /// A request is settled, which may be that of a command.
    pub(super) async fn answered(&mut self, event: &StatusEvent) -> Result<(), Gone> {
        match event {
            StatusEvent::Done { request } => match self.jobs.end(*request) {
                Some(job) => self.done(job).await,
                None => Ok(()),
            },
            StatusEvent::Failed { request, error } => match self.jobs.end(*request) {
                Some(job) => self.refuse(&job.failed(error)).await,
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    async fn done(&mut self, job: Job) -> Result<(), Gone> {
        self.note_contact(&job.what);
        let After {
            enter,
            lines,
            say,
            ask,
            directory,
        } = job.what.done(&self.state());
        if let Some(directory) = directory {
            self.directory = directory;
        }
        if let Some(channel_id) = enter {
            self.enter(channel_id).await?;
        }
        self.notices(&lines).await?;
        if let Some(text) = say {
            self.say(text).await?;
        }
        if let Some((what, event)) = ask {
            let name = job.name;
            self.ask(Job { name, what }, event).await?;
        }
        Ok(())
    }

    /// An answer that is still to come is shown when it comes; any other is told with the command.
    fn note_contact(&mut self, what: &What) {
        match what {
            What::Add { user_id } if !show::is_contact(&self.state(), user_id) => {
                self.expect(user_id);
            }
            What::Add { user_id } | What::Respond { user_id, .. } => {
                self.asked.remove(user_id);
            }
            _ => {}
        }
    }

    /// Messages go to this channel from now on.
    async fn enter(&mut self, channel_id: Id) -> Result<(), Gone> {
        let lines = show::place(&self.state(), &channel_id);
        self.channel = Some(channel_id);
        self.notices(&lines).await?;
        self.show_status().await
    }

    /// Whether a command has caused it.
    pub(super) fn is_ours(&self, request: Option<RequestId>) -> bool {
        request.is_some_and(|request| self.jobs.knows(request))
    }

    pub(super) async fn notices(&mut self, lines: &[String]) -> Result<(), Gone> {
        for line in lines {
            self.screen.notice(line).await?;
        }
        Ok(())
    }

    async fn refuse(&mut self, why: &str) -> Result<(), Gone> {
        self.ledger.refused();
        self.screen.notice(why).await
    }
}
