//! What people keep on the scripted peer: values under keys, in a channel or outside of all.

use std::collections::BTreeMap;

use kaiwa_core::{ConnectionEvent, Error, ErrorKind, Id, UserEvent};
use serde_json::Value;

use super::wants::Want;
use super::world::World;

/// Values of one person, in all places: settings, not a database.
const VALUES: usize = 1000;

/// Where, and under which key.
type Key = (Option<Id>, String);

/// The values of everybody.
#[derive(Default)]
pub(super) struct Kept {
    of: BTreeMap<Id, BTreeMap<Key, Value>>,
}

impl Kept {
    fn set(&mut self, name: &str, key: Key, value: Option<Value>) -> Result<(), Error> {
        let values = self.of.entry(name.into()).or_default();
        let Some(value) = value.filter(|value| !value.is_null()) else {
            values.remove(&key);
            return Ok(());
        };
        if values.len() >= VALUES && !values.contains_key(&key) {
            return Err(Error::new(
                ErrorKind::Rejected,
                format!("{VALUES} values are kept already; remove one"),
            ));
        }
        values.insert(key, value);
        Ok(())
    }

    fn get(&self, name: &str, key: &Key) -> Option<Value> {
        self.of.get(name)?.get(key).cloned()
    }

    /// What somebody keeps in a channel, or outside of all.
    pub(super) fn told_to(&self, name: &str, channel_id: Option<&str>) -> Vec<ConnectionEvent> {
        let values = self.of.get(name).into_iter().flatten();
        let here = values.filter(|((place, _), _)| place.as_deref() == channel_id);
        here.map(|((place, key), value)| told(place.clone(), key.clone(), Some(value.clone())))
            .collect()
    }

    /// A channel has got a new id, or is gone.
    pub(super) fn move_channel(&mut self, channel_id: &str, new: Option<&str>) {
        for values in self.of.values_mut() {
            let there = |(place, _): &Key, _: &mut Value| place.as_deref() == Some(channel_id);
            let moved: Vec<_> = values.extract_if(.., there).collect();
            if let Some(new) = new {
                let moved = moved.into_iter();
                values.extend(moved.map(|((_, key), value)| ((Some(new.into()), key), value)));
            }
        }
    }
}

impl World {
    /// Told to every connection of the one who keeps it.
    pub(super) fn keep(
        &mut self,
        want: &Want,
        channel_id: Option<Id>,
        key: String,
        value: Option<Value>,
    ) -> Result<(), Error> {
        if let Some(channel_id) = &channel_id {
            self.places.get(channel_id, &want.name)?;
        }
        let place = (channel_id, key);
        self.kept.set(&want.name, place.clone(), value)?;
        let now = self.kept.get(&want.name, &place);
        let (channel_id, key) = place;
        self.tell_me(want, &told(channel_id, key, now));
        Ok(())
    }

    pub(super) fn look_up(
        &mut self,
        want: &Want,
        channel_id: Option<Id>,
        key: String,
    ) -> Result<(), Error> {
        if let Some(channel_id) = &channel_id {
            self.places.get(channel_id, &want.name)?;
        }
        let place = (channel_id, key);
        let value = self.kept.get(&want.name, &place);
        let (channel_id, key) = place;
        self.tell_back(want, told(channel_id, key, value));
        Ok(())
    }
}

fn told(channel_id: Option<Id>, key: String, value: Option<Value>) -> ConnectionEvent {
    UserEvent::Data {
        channel_id,
        key,
        value,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart_by_place_and_bounded() {
        let mut kept = Kept::default();
        let place = |channel: Option<&str>| (channel.map(Id::from), "k".to_owned());
        kept.set("ann", place(None), Some(1.into())).unwrap();
        kept.set("ann", place(Some("a")), Some(2.into())).unwrap();
        kept.set("bob", place(None), Some(Value::Null)).unwrap();
        kept.move_channel("a", Some("b"));
        assert_eq!(kept.get("ann", &place(Some("b"))), Some(2.into()));
        assert_eq!(kept.told_to("ann", None).len(), 1);
        assert!(kept.told_to("bob", None).is_empty());
        kept.move_channel("b", None);
        assert!(kept.told_to("ann", Some("b")).is_empty());
        for number in 1..=VALUES {
            let key = (None, number.to_string());
            let set = kept.set("ann", key, Some(0.into()));
            assert_eq!(set.is_ok(), number < VALUES, "{number}");
        }
        kept.set("ann", place(None), None).unwrap();
        let key = (None, "again".to_owned());
        kept.set("ann", key, Some(0.into())).unwrap();
    }
}
