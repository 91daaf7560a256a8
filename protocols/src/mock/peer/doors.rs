//! How channels come to be and who finds them: made in others, in the open or not, joined with a code.

use kaiwa_core::{Channel, ChannelEvent, ChannelType, ConnectionEvent, Error, ErrorKind, Id, Role};

use super::places::{INVITES, arrives};
use super::wants::Want;
use super::world::World;

impl World {
    /// Makes a channel; who has made it owns it.
    pub(super) fn create(
        &mut self,
        want: &Want,
        parent_id: Option<Id>,
        channel: Channel,
        public: bool,
    ) -> Result<(), Error> {
        if channel.channel_type == ChannelType::Direct {
            return Err(Error::new(
                ErrorKind::Rejected,
                "a channel of two is made of its other person",
            ));
        }
        if let Some(parent_id) = &parent_id {
            self.places.get(parent_id, &want.name)?;
        }
        let place = self.places.make(channel, public);
        place.parent = parent_id;
        place.members.insert(want.name.clone(), Role::Owner);
        let channel_id = place.channel.id.clone();
        let told = place.told_to(&want.name);
        for event in told {
            self.tell_place(want, &channel_id, |_| Some(event.clone()));
        }
        let join = ChannelEvent::Join { channel_id };
        self.tell_me(want, &join.into());
        Ok(())
    }

    /// Joins with the code of an invitation. Whoever has none learns nothing of a channel that is not open to them.
    pub(super) fn join_with(
        &mut self,
        want: &Want,
        channel_id: &str,
        key: &str,
    ) -> Result<(), Error> {
        let now = self.now();
        let place = self.places.admit(channel_id, &want.name, key, now)?;
        let told = place.told_to(&want.name);
        for event in told {
            self.tell_me(want, &event);
        }
        let me = want.name.as_str();
        self.tell_place(want, channel_id, |name| {
            (name != me).then(|| arrives(Some(channel_id), me))
        });
        let join = ChannelEvent::Join {
            channel_id: channel_id.into(),
        };
        self.tell_me(want, &join.into());
        Ok(())
    }

    /// Makes a code, and gives it to the one it is for.
    pub(super) fn invite(
        &mut self,
        want: &Want,
        channel_id: &str,
        user_id: Option<Id>,
    ) -> Result<(), Error> {
        if let Some(user_id) = &user_id {
            self.people.know(user_id)?;
        }
        let code = format!("{:016x}", self.dice.next());
        let place = self.places.get(channel_id, &want.name)?;
        if !place.members.contains_key(&want.name) {
            return Err(Error::new(ErrorKind::Forbidden, "you are not in it"));
        }
        if place.invites.len() >= INVITES {
            return Err(Error::new(
                ErrorKind::Rejected,
                format!("{INVITES} invitations are open already"),
            ));
        }
        place.invites.insert(code.clone(), user_id.clone());
        let invite = |user_id: Option<Id>| ChannelEvent::Invite {
            channel_id: channel_id.into(),
            user_id,
            code: Some(code.clone()),
        };
        if let Some(guest) = &user_id {
            let told = ConnectionEvent::from(invite(None));
            self.tell(None, |name| (name == guest).then(|| told.clone()));
        }
        self.tell_back(want, invite(user_id));
        Ok(())
    }

    /// Which channels are open to everybody.
    pub(super) fn directory(&mut self, want: &Want, query: Option<String>) {
        let wanted = query.as_deref().unwrap_or_default().to_lowercase();
        let fits = |channel: &Channel| {
            let name = channel.name.as_deref().unwrap_or(&channel.id);
            name.to_lowercase().contains(&wanted)
        };
        let open = self.places.iter().filter(|place| !place.is_closed());
        let channels = open.map(|place| place.channel.clone()).filter(fits);
        let answer = ChannelEvent::Directory {
            channels: channels.collect(),
            query,
        };
        self.tell_back(want, answer);
    }
}
