//! Finds emotes, smileys and addresses in plain text, in one pass however many emotes there are.

use std::collections::BTreeMap;
use std::fmt;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use kaiwa_core::{Asset, Id, MessageFragment};

use super::address::{self, Found};

/// Emotes looked for at once: as many assets as the state keeps of a list.
pub const MAX_EMOTES: usize = 20_000;

/// The longest pattern, in bytes: people type them. Also how far a text may have to be read twice.
pub const MAX_PATTERN_BYTES: usize = 64;

/// The emotes of a place. Made anew when its list of assets changes, and only then: making it takes time in the order of the
/// list, finding does not.
pub struct Emotes {
    /// `None` without emotes: then addresses are found faster.
    automaton: Option<AhoCorasick>,
    /// The ids of the emotes, by the number of their patterns after those of addresses.
    ids: Vec<Id>,
    patterns: BTreeMap<Id, String>,
}

impl Emotes {
    /// No emotes: addresses only.
    #[must_use]
    pub fn none() -> Self {
        Self::new([])
    }

    /// The emotes among `assets`. Those without an id, with a pattern that is empty or longer than [`MAX_PATTERN_BYTES`], and
    /// those beyond [`MAX_EMOTES`] are left out. Of two with the same pattern the first is found.
    #[must_use]
    pub fn new<'a>(assets: impl IntoIterator<Item = &'a Asset>) -> Self {
        let emotes: Vec<(&str, &str)> = assets
            .into_iter()
            .filter_map(emote)
            .filter(|(_, pattern)| !pattern.is_empty() && pattern.len() <= MAX_PATTERN_BYTES)
            .take(MAX_EMOTES)
            .collect();
        let patterns = emotes.iter().map(|(_, pattern)| *pattern);
        // Its limits exclude that there is none for the patterns.
        let automaton = (!emotes.is_empty()).then(|| {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(address::BEGINNINGS.into_iter().chain(patterns))
        });
        let mut by_id = BTreeMap::new();
        for (id, pattern) in &emotes {
            by_id
                .entry(Id::from(*id))
                .or_insert_with(|| (*pattern).to_owned());
        }
        Self {
            automaton: automaton.and_then(Result::ok),
            ids: emotes.iter().map(|(id, _)| Id::from(*id)).collect(),
            patterns: by_id,
        }
    }

    /// What is typed for the emote of this id.
    #[must_use]
    pub fn pattern(&self, id: &str) -> Option<&str> {
        self.patterns.get(id).map(String::as_str)
    }

    /// Splits plain text into texts, emotes and addresses.
    #[must_use]
    pub fn split(&self, text: &str) -> Vec<MessageFragment> {
        // Nearly always there is nothing but text.
        let mut out = Vec::with_capacity(1);
        self.split_into(text, &mut out);
        out
    }

    /// Appends to `out` what [`Emotes::split`] gives.
    pub(super) fn split_into(&self, text: &str, out: &mut Vec<MessageFragment>) {
        let mut done = 0;
        let mut at = 0;
        while at < text.len() {
            let Some(Candidate {
                start,
                mut end,
                emote,
            }) = self.next(text, at)
            else {
                break;
            };
            let mut looked = start + 1;
            let fragment = match emote {
                None if !touches_word(text, start) => {
                    match address::find(text.get(start..).unwrap_or_default()) {
                        Found::Address(length) => {
                            end = start + length;
                            let address = text.get(start..end).unwrap_or_default();
                            Some(MessageFragment::Url(address.to_owned()))
                        }
                        Found::Nothing(length) => {
                            looked = start + length;
                            None
                        }
                    }
                }
                Some(number) if stands_alone(text, start, end) => {
                    let id = self.ids.get(number).cloned();
                    id.map(MessageFragment::AssetId)
                }
                _ => None,
            };
            let Some(fragment) = fragment else {
                at = looked;
                continue;
            };
            push_text(text.get(done..start).unwrap_or_default(), out);
            out.push(fragment);
            done = end;
            at = end;
        }
        push_text(text.get(done..).unwrap_or_default(), out);
    }

    /// The next that may be something, from `at` on.
    fn next(&self, text: &str, at: usize) -> Option<Candidate> {
        let Some(all) = &self.automaton else {
            let (start, end) = address::next(text, at)?;
            return Some(Candidate {
                start,
                end,
                emote: None,
            });
        };
        let found = all.find(Input::new(text).range(at..))?;
        let number = found.pattern().as_usize();
        Some(Candidate {
            start: found.start(),
            end: found.end(),
            emote: number.checked_sub(address::BEGINNINGS.len()),
        })
    }
}

/// What may be an emote or an address.
struct Candidate {
    start: usize,
    end: usize,
    /// The number of the emote; `None`: it begins like an address.
    emote: Option<usize>,
}

impl fmt::Debug for Emotes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Emotes({})", self.ids.len())
    }
}

fn emote(asset: &Asset) -> Option<(&str, &str)> {
    match asset {
        Asset::Emote {
            id: Some(id),
            pattern,
            ..
        } => Some((id, pattern)),
        _ => None,
    }
}

fn push_text(text: &str, out: &mut Vec<MessageFragment>) {
    if !text.is_empty() {
        out.push(MessageFragment::Text(text.to_owned()));
    }
}

/// A letter or digit at the edge of a pattern must not go on in the text: `xD` is no part of `fooxDbar`.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let pattern = text.get(start..end).unwrap_or_default();
    let begins = pattern.starts_with(char::is_alphanumeric) && touches_word(text, start);
    let follows = text.get(end..).unwrap_or_default();
    let ends =
        pattern.ends_with(char::is_alphanumeric) && follows.starts_with(char::is_alphanumeric);
    !begins && !ends
}

/// Whether a letter or digit stands right before `at`.
fn touches_word(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.ends_with(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use kaiwa_core::AssetSource;
    use proptest::prelude::*;

    use super::*;

    fn asset(id: &str, pattern: &str) -> Asset {
        Asset::Emote {
            id: Some(id.into()),
            pattern: pattern.to_owned(),
            src: String::new(),
            source: AssetSource::Server,
        }
    }

    fn some() -> Emotes {
        let assets = [
            asset("wave", ":wave:"),
            asset("waver", ":waver:"),
            asset("smile", ":)"),
            asset("skew", ":/"),
            asset("laugh", "xD"),
            asset("empty", ""),
            asset("again", ":wave:"),
        ];
        Emotes::new(&assets)
    }

    /// `<id>` for an emote, `{address}` for an address.
    fn shown(text: &str) -> String {
        let parts = some().split(text);
        let shown = parts.iter().map(|part| match part {
            MessageFragment::Text(text) => text.clone(),
            MessageFragment::AssetId(id) => format!("<{id}>"),
            MessageFragment::Url(url) => format!("{{{url}}}"),
            other => panic!("{other:?}"),
        });
        shown.collect()
    }

    #[test]
    fn emotes_and_addresses_are_found() {
        for (text, parts) in [
            ("hi :wave: there :)", "hi <wave> there <smile>"),
            (":wave::waver:", "<wave><waver>"),
            (":wave", ":wave"),
            (":wav:wave:", ":wav<wave>"),
            ("::wave::", ":<wave>:"),
            ("lol xD", "lol <laugh>"),
            ("xD", "<laugh>"),
            ("fooxD xDbar", "fooxD xDbar"),
            ("a:)b", "a<smile>b"),
            (
                "see https://example.org/a:)",
                "see {https://example.org/a}<smile>",
            ),
            (
                "(http://example.org/:wave:/)",
                "({http://example.org/:wave:/})",
            ),
            ("xhttps://example.org", "xhttps<skew>/example.org"),
            ("https://", "https<skew>/"),
            ("http://http://a", "{http://http://a}"),
            ("é:)é", "é<smile>é"),
            ("", ""),
        ] {
            assert_eq!(shown(text), parts, "{text}");
        }
    }

    #[test]
    fn patterns_are_known_by_id() {
        let emotes = some();
        assert_eq!(emotes.pattern("wave"), Some(":wave:"));
        assert_eq!(emotes.pattern("again"), Some(":wave:"));
        assert_eq!(emotes.pattern("empty"), None);
        assert_eq!(emotes.pattern("nobody"), None);
    }

    #[test]
    fn too_many_and_too_long_ones_are_left_out() {
        let number = |n: usize| asset(&n.to_string(), &format!(":{n}:"));
        let mut assets: Vec<Asset> = vec![asset("long", &"x".repeat(MAX_PATTERN_BYTES + 1))];
        assets.extend((0..=MAX_EMOTES).map(number));
        let emotes = Emotes::new(&assets);
        assert_eq!(emotes.ids.len(), MAX_EMOTES);
        assert_eq!(emotes.pattern("long"), None);
        let last = format!(":{}:", MAX_EMOTES - 1);
        let found = emotes.split(&last);
        assert_eq!(
            found,
            [MessageFragment::AssetId(
                (MAX_EMOTES - 1).to_string().into()
            )]
        );
    }

    proptest! {
        /// What was found, put back, is the text.
        #[test]
        fn nothing_is_lost(text in "(:wave:|:\\)|xD|https?://|[a-z.:/é \n]){0,20}") {
            let emotes = some();
            let parts = emotes.split(&text);
            let back: String = parts.iter().map(|part| match part {
                MessageFragment::AssetId(id) => emotes.pattern(id).unwrap(),
                MessageFragment::Text(text) | MessageFragment::Url(text) => text,
                other => panic!("{other:?}"),
            }).collect();
            prop_assert_eq!(back, text);
        }

        /// Without emotes addresses are looked for in another way.
        #[test]
        fn addresses_are_the_same_without_emotes(text in "(https?://|://|[hHtps.:/a-c)é ]){0,20}") {
            let never = Emotes::new(&[asset("never", "\u{1}")]);
            prop_assert_eq!(Emotes::none().split(&text), never.split(&text));
        }
    }
}
