//! Carrying out commands: what is typed becomes requests, and their answers what is shown.

use kaiwa_protocols::{ConnectionEvent, Error, RequestId, StatusEvent};

use super::super::commands::{Command, Order, Typed};
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
            // In a script a command is about what was said before it.
            order @ Typed::Order { .. } if self.ledger.len() > 0 && !self.screen.is_terminal() => {
                self.held = Some(order);
                Ok(())
            }
            Typed::Order {
                command,
                order,
                line,
            } => self.order(command, order, &line).await,
            Typed::Wrong(why) => self.refuse(&why).await,
        }
    }

    async fn order(&mut self, command: &Command, order: Order, line: &str) -> Result<(), Gone> {
        let name = show::shortened(line);
        match self.plan(command, order) {
            Ok(Plan::Leave) => {
                self.typing = false;
                Ok(())
            }
            Ok(Plan::Show(lines)) => self.notices(&lines).await,
            Ok(Plan::Enter(channel_id)) => self.enter(channel_id).await,
            Ok(Plan::Ask(what, event)) => self.ask(Job { name, what }, event).await,
            Err(error) => self.refuse(&format!("{name}: {error}")).await,
        }
    }

    fn plan(&self, command: &Command, order: Order) -> Result<Plan, Error> {
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
        } = job.what.done(&self.state());
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
    async fn enter(&mut self, channel_id: String) -> Result<(), Gone> {
        let lines = show::place(&self.state(), &channel_id);
        self.channel = Some(channel_id);
        self.notices(&lines).await
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
