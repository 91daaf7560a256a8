//! Emotes: those of an asset service, as far as the user's rank reaches, and the user's own.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use kaiwa_core::session::{HttpBody, HttpRequest, HttpResponse, HttpToken, Transmit};
use kaiwa_core::{
    Asset, AssetEvent, AssetSource, Error, ErrorKind, Id, MessageFragment, RequestId,
};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::SockchatSession;
use crate::text::{Emotes, MAX_EMOTES, MAX_PATTERN_BYTES, address, bbcode};

/// How long the list of emotes may take: nobody waits for it.
const LIST_LIMIT: Duration = Duration::from_secs(30);

/// The largest list taken, in bytes: [`MAX_EMOTES`] with an address each.
const MAX_LIST_BYTES: usize = 4 * 1024 * 1024;

/// Smileys that a user may add: what one person remembers.
const MAX_OWN: usize = 1000;

/// Emotes, by id.
#[derive(Debug)]
pub(super) struct Assets {
    /// What finds those shown in a text.
    pub(super) emotes: Emotes,
    /// All that the service has, by name, each with the lowest rank that may use it.
    listed: BTreeMap<String, Listed>,
    /// Those that users have been told of: names and addresses.
    shown: BTreeMap<String, String>,
    /// The user's own, by id.
    own: BTreeMap<Id, Asset>,
    last_token: u64,
    asked: Option<HttpToken>,
}

#[derive(Debug)]
struct Listed {
    src: String,
    min_rank: i64,
}

/// An emote as the service tells it.
#[derive(Deserialize)]
struct Entry<'a> {
    uri: String,
    #[serde(borrow)]
    strings: &'a RawValue,
    #[serde(default)]
    min_rank: i64,
}

/// Goes through a list without keeping it: a service that means no good can make one of millions.
struct Each<F>(F);

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(one) = list.next_element()? {
            (self.0)(one);
        }
        Ok(())
    }
}

fn each<'a>(list: &'a [u8], take: impl FnMut(&'a RawValue)) -> serde_json::Result<()> {
    let mut list = serde_json::Deserializer::from_slice(list);
    list.deserialize_seq(Each(take))?;
    list.end()
}

impl Default for Assets {
    fn default() -> Self {
        Self {
            emotes: Emotes::none(),
            listed: BTreeMap::new(),
            shown: BTreeMap::new(),
            own: BTreeMap::new(),
            last_token: 0,
            asked: None,
        }
    }
}

impl Assets {
    /// The connection is gone, and what was asked for with it.
    pub(super) fn cut(&mut self) {
        self.asked = None;
    }

    /// Own ones come first: of two with the same pattern the first is found.
    fn rebuild(&mut self) {
        let listed = self.shown.iter().map(|(name, src)| emote(name, src));
        let listed: Vec<Asset> = listed.collect();
        self.emotes = Emotes::new(self.own.values().chain(&listed));
    }

    /// Takes a list in; gives the number of entries left out. One that makes no sense does not spoil the others.
    fn take(&mut self, list: &[u8]) -> serde_json::Result<u64> {
        let mut listed = BTreeMap::new();
        let mut skipped = 0;
        each(list, |entry| {
            skipped += list_entry(&mut listed, entry).unwrap_or(1);
        })?;
        self.listed = listed;
        Ok(skipped)
    }
}

impl SockchatSession {
    /// Asks for the list of emotes, if there is somebody to ask.
    pub(super) fn fetch_emotes(&mut self) {
        let Some(url) = self.login.as_ref().and_then(|login| login.emotes()) else {
            return;
        };
        self.assets.last_token += 1;
        let token = HttpToken(self.assets.last_token);
        self.assets.asked = Some(token);
        let request = HttpRequest {
            method: "GET",
            url,
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            body: HttpBody::EMPTY,
            timeout: LIST_LIMIT,
            max_response_bytes: MAX_LIST_BYTES,
        };
        self.transmits.push_back(Transmit::Http { token, request });
    }

    /// The list of emotes is there, or not: that is no reason to stop talking.
    pub(super) fn emotes_came(&mut self, token: HttpToken, result: Result<HttpResponse, Error>) {
        if self.assets.asked.take_if(|asked| *asked == token).is_none() {
            return;
        }
        let taken = result.and_then(|response| match response.status {
            200 => self.assets.take(&response.body).map_err(|_| {
                let words = "the asset service does not answer with a list of emotes";
                Error::new(ErrorKind::Protocol, words)
            }),
            status => Err(Error::new(
                ErrorKind::Rejected,
                format!("the asset service answers with status {status}; check `asset_api`"),
            )),
        });
        match taken {
            Ok(skipped) => {
                self.skipped += skipped;
                self.show_emotes();
            }
            Err(error) => self.event(AssetEvent::Unavailable {
                channel_id: None,
                error: error.info(),
            }),
        }
    }

    /// Tells which emotes the user may use, as far as that has changed.
    pub(super) fn show_emotes(&mut self) {
        let rank = self.rights.rank();
        let assets = &mut self.assets;
        let reached = |name: &String| assets.listed.get(name).filter(|one| one.min_rank <= rank);
        let mut told = Vec::new();
        for name in assets.shown.keys().filter(|name| reached(name).is_none()) {
            told.push(AssetEvent::Remove {
                channel_id: None,
                asset_id: id(name),
            });
        }
        for (name, listed) in assets
            .listed
            .iter()
            .filter(|(name, _)| reached(name).is_some())
        {
            let asset = emote(name, &listed.src);
            told.extend(match assets.shown.get(name) {
                Some(src) if *src == listed.src => None,
                Some(_) => Some(AssetEvent::Update {
                    channel_id: None,
                    asset_id: id(name),
                    new_asset: asset,
                }),
                None => Some(AssetEvent::New {
                    channel_id: None,
                    asset,
                }),
            });
        }
        if told.is_empty() {
            return;
        }
        let reached = assets.listed.iter().filter(|(_, one)| one.min_rank <= rank);
        let shown = reached.map(|(name, one)| (name.clone(), one.src.clone()));
        assets.shown = shown.collect();
        assets.rebuild();
        told.into_iter().for_each(|event| self.event(event));
    }

    /// The user adds a smiley, which is theirs alone.
    pub(super) fn add_smiley(&mut self, request: RequestId, asset: Asset) -> Result<(), Error> {
        self.need_connection()?;
        let Asset::Emote {
            id, pattern, src, ..
        } = asset
        else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "only emotes can be added",
            ));
        };
        let is_fit = !pattern.trim().is_empty() && !pattern.contains(char::is_control);
        if !is_fit || pattern.len() > MAX_PATTERN_BYTES || !can_be_written(&pattern) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "what is typed for an emote has 1 to {MAX_PATTERN_BYTES} bytes and is no markup"
                ),
            ));
        }
        let id = id.unwrap_or_else(|| format_args!("user:{pattern}").into());
        if id.is_empty() || id.contains(':') && !id.starts_with("user:") {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the id of an own emote has no colon, or begins with user:",
            ));
        }
        if self.assets.own.len() >= MAX_OWN && !self.assets.own.contains_key(&id) {
            return Err(Error::new(
                ErrorKind::Full,
                format!("{MAX_OWN} own emotes are there already"),
            ));
        }
        let asset = Asset::Emote {
            id: Some(id.clone()),
            pattern,
            src,
            source: AssetSource::User,
        };
        self.assets.own.insert(id, asset.clone());
        self.assets.rebuild();
        let channel_id = None;
        self.caused(request, AssetEvent::New { channel_id, asset });
        self.finish(request, Ok(()));
        Ok(())
    }

    /// The user takes back a smiley of their own.
    pub(super) fn remove_smiley(&mut self, request: RequestId, id: &str) -> Result<(), Error> {
        self.need_connection()?;
        if self.assets.own.remove(id).is_none() {
            return Err(Error::new(
                ErrorKind::NotFound,
                "no emote of this id was added here",
            ));
        }
        self.assets.rebuild();
        let event = AssetEvent::Remove {
            channel_id: None,
            asset_id: id.into(),
        };
        self.caused(request, event);
        self.finish(request, Ok(()));
        Ok(())
    }
}

/// Takes an entry in; gives the number of its names left out, or nothing where it is none.
fn list_entry(listed: &mut BTreeMap<String, Listed>, entry: &RawValue) -> Option<u64> {
    let Entry {
        uri,
        strings,
        min_rank,
    } = serde_json::from_str(entry.get()).ok()?;
    let src = address::clean(&uri)?;
    let mut skipped = 0;
    let names = each(strings.get().as_bytes(), |name| {
        let name: String = serde_json::from_str(name.get()).unwrap_or_default();
        let is_new = !listed.contains_key(&name);
        if !is_name(&name) || !is_new || listed.len() >= MAX_EMOTES - MAX_OWN {
            skipped += 1;
            return;
        }
        let src = src.clone().into_owned();
        listed.insert(name, Listed { src, min_rank });
    });
    names.ok().map(|()| skipped)
}

fn emote(name: &str, src: &str) -> Asset {
    Asset::Emote {
        id: Some(id(name)),
        pattern: format!(":{name}:"),
        src: src.to_owned(),
        source: AssetSource::Server,
    }
}

fn id(name: &str) -> Id {
    format_args!("emote:{name}").into()
}

/// Whether a name can stand between two colons.
fn is_name(name: &str) -> bool {
    let is_odd = |c: char| c == ':' || c.is_whitespace() || c.is_control();
    !name.is_empty()
        && name.len() + 2 <= MAX_PATTERN_BYTES
        && !name.contains(is_odd)
        && can_be_written(name)
}

/// Whether what is typed for an emote is none of the markup: that would be defused, and be no emote any more.
fn can_be_written(pattern: &str) -> bool {
    let typed = [MessageFragment::Text(pattern.to_owned())];
    !pattern.contains('[') || bbcode::render(&typed, &Emotes::none()) == pattern
}
