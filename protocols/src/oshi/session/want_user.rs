//! What the user wants of people, and of what is kept for them.

use kaiwa_core::{Error, ErrorKind, Profile, RequestId, UserEvent};
use serde_json::Value;

use super::OshiSession;
use super::requests::user_number;
use super::showing::invalid;
use super::tasks::Step;
use crate::oshi::wire::Request;

impl OshiSession {
    /// Something about people, and what the user keeps.
    pub(super) fn want_user(&mut self, request: RequestId, event: UserEvent) -> Result<(), Error> {
        match event {
            UserEvent::Remove {
                channel_id: Some(channel_id),
                user_id,
            } => {
                let circle = self.circle_id(&channel_id, "people are removed from circles")?;
                let user = user_number(&user_id)?;
                if Some(user) == self.me_id() {
                    self.want_leave(request, circle);
                } else {
                    let frame = Request::CircleKick { circle, user };
                    self.ask(request, &frame, Step::Kick { circle, user });
                }
                Ok(())
            }
            UserEvent::Remove { .. } => Err(invalid("say from which circle")),
            UserEvent::Update {
                channel_id: None,
                user_id,
                new_user,
            } => self.want_profile(request, &user_id, new_user),
            UserEvent::Update { .. } => Err(invalid("a person has one name in all of Oshi")),
            UserEvent::Data {
                channel_id,
                key,
                value,
            } => {
                let circle = self.data_circle(channel_id.as_deref())?;
                let told = value.clone().unwrap_or(Value::Null);
                let wire_key = key.as_str().into();
                let frame = match circle {
                    Some(circle) => Request::CircleDataSet {
                        circle,
                        key: wire_key,
                        value: told,
                    },
                    None => Request::DataSet {
                        key: wire_key,
                        value: told,
                    },
                };
                let value = value.filter(|value| !value.is_null());
                let step = Step::SetData {
                    circle,
                    key: key.clone(),
                    value,
                };
                self.ask(request, &frame, step);
                Ok(())
            }
            UserEvent::RequestData { channel_id, key } => {
                let circle = self.data_circle(channel_id.as_deref())?;
                let wire_key = key.as_str().into();
                let frame = match circle {
                    Some(circle) => Request::CircleDataGet {
                        circle,
                        key: wire_key,
                    },
                    None => Request::DataGet { key: wire_key },
                };
                let key = key.clone();
                self.ask(request, &frame, Step::GetData { circle, key });
                Ok(())
            }
            _ => Err(ErrorKind::Unsupported.into()),
        }
    }

    fn want_profile(
        &mut self,
        request: RequestId,
        user_id: &str,
        new_user: Profile,
    ) -> Result<(), Error> {
        let me = self.me_id().map(|me| me.to_string());
        if me.as_deref() != Some(user_id) {
            return Err(invalid("only the user's own profile can be changed"));
        }
        let display = new_user.display_name.or(new_user.username);
        let display = display.filter(|display| !display.is_empty());
        let display = display.ok_or_else(|| invalid("say what to call the user"))?;
        let frame = Request::UserSet {
            display: Some(display.into()),
            password: None,
        };
        self.ask(request, &frame, Step::Profile);
        Ok(())
    }
}
