//! Reading what stands behind a command's name.

use kaiwa_protocols::Role;
use serde_json::Value;

use super::Order;
use crate::chat::show;
use crate::chat::target::Target;

/// Older messages that `/history` asks for if it is not told how many: about what a terminal shows at once.
pub(super) const HISTORY: u32 = 50;

/// The most that it asks for: as many as the state keeps of a channel.
const MAX_HISTORY: u32 = 1000;

/// What makes a circle public.
const PUBLIC: &str = "--public";

/// An order, or what is wrong with its words.
pub(super) type Read = Result<Order, String>;

pub(super) fn nothing(rest: &str, order: Order) -> Read {
    if rest.is_empty() {
        return Ok(order);
    }
    Err(too_much(rest))
}

/// All the rest as one name; quotes around it are not part of it.
pub(super) fn whole(rest: &str, what: &str) -> Result<String, String> {
    some(unquoted(rest), what)
}

/// The same where it may be left out.
pub(super) fn optional(rest: &str) -> Option<String> {
    Some(unquoted(rest).to_owned()).filter(|text| !text.trim().is_empty())
}

pub(super) fn create(rest: &str) -> Read {
    let (name, mut rest) = word(rest);
    let name = some(name, "NAME")?;
    let mut people = Vec::new();
    while !rest.is_empty() {
        let (person, more) = word(rest);
        people.push(some(person, "NAME")?);
        rest = more;
    }
    Ok(Order::Create { name, people })
}

pub(super) fn direct(rest: &str) -> Read {
    let (person, text) = word(rest);
    Ok(Order::Direct {
        person: some(person, "NAME")?,
        text: Some(text.to_owned()).filter(|text| !text.is_empty()),
    })
}

pub(super) fn history(rest: &str) -> Read {
    let (number, more) = word(rest);
    if !more.is_empty() {
        return Err(too_much(more));
    }
    let number = if number.is_empty() {
        Some(HISTORY)
    } else {
        number.parse().ok()
    };
    match number {
        Some(number) if (1..=MAX_HISTORY).contains(&number) => Ok(Order::History(number)),
        _ => Err(format!("N is a number from 1 to {MAX_HISTORY}")),
    }
}

/// MESSAGE and an emoji; `on` is `None` where the same again takes it back.
pub(super) fn react(rest: &str, on: Option<bool>) -> Read {
    let (message, rest) = target(rest)?;
    let (emoji, more) = word(rest);
    let emoji = some(emoji, "EMOJI")?;
    nothing(more, Order::React { message, emoji, on })
}

pub(super) fn reply(rest: &str) -> Read {
    let (message, text) = target(rest)?;
    let text = some(text, "TEXT")?;
    Ok(Order::Reply { message, text })
}

pub(super) fn edit(rest: &str) -> Read {
    let (message, text) = target(rest)?;
    let text = some(text, "TEXT")?;
    Ok(Order::Edit { message, text })
}

pub(super) fn delete(rest: &str) -> Read {
    let (message, more) = target(rest)?;
    nothing(more, Order::Delete(message))
}

pub(super) fn upload(rest: &str) -> Read {
    let (file, text) = word(rest);
    Ok(Order::Upload {
        file: some(file, "FILE")?,
        text: Some(text.to_owned()).filter(|text| !text.is_empty()),
    })
}

pub(super) fn circle_create(rest: &str) -> Read {
    let private = rest
        .strip_suffix(PUBLIC)
        .filter(|before| before.is_empty() || before.ends_with(char::is_whitespace));
    let name = whole(private.unwrap_or(rest).trim_end(), "NAME")?;
    let public = private.is_some();
    Ok(Order::CircleCreate { name, public })
}

pub(super) fn circle_join(rest: &str) -> Read {
    let (circle, rest) = word(rest);
    let circle = some(circle, "ID")?;
    let (code, more) = word(rest);
    let code = Some(code.to_owned()).filter(|code| !code.is_empty());
    nothing(more, Order::CircleJoin { circle, code })
}

pub(super) fn ban(rest: &str) -> Read {
    let (person, rest) = word(rest);
    let person = some(person, "NAME")?;
    let (number, more) = word(rest);
    let minutes = match number {
        "" => None,
        number => match number.parse() {
            Ok(minutes) if minutes > 0 => Some(minutes),
            _ => return Err("MINUTES is a number above 0".to_owned()),
        },
    };
    nothing(more, Order::Ban { person, minutes })
}

pub(super) fn role(rest: &str) -> Read {
    let (person, rest) = word(rest);
    let person = some(person, "NAME")?;
    let (role, more) = word(rest);
    let role = match some(role, "member|admin|owner")?.as_str() {
        "member" => Role::Member,
        "admin" => Role::Admin,
        "owner" => Role::Owner,
        other => {
            let other = show::shortened(other);
            return Err(format!("`{other}` is no role that can be given"));
        }
    };
    nothing(more, Order::Role { person, role })
}

/// Nothing asks for the topic, `""` takes it away.
pub(super) fn topic(rest: &str) -> Order {
    let text = unquoted(rest).to_owned();
    Order::Topic((!rest.is_empty()).then_some(text))
}

/// A key and its new value; without one it is asked for.
pub(super) fn data(rest: &str, in_circle: bool) -> Read {
    let (key, rest) = word(rest);
    let key = some(key, "KEY")?;
    let value = match rest {
        "" => None,
        json => Some(value(json)?),
    };
    Ok(Order::Data {
        key,
        value,
        in_circle,
    })
}

fn value(json: &str) -> Result<Value, String> {
    serde_json::from_str(json).map_err(|_| {
        let json = show::shortened(json);
        format!("`{json}` is no JSON; a text stands in quotes, and null takes the value away")
    })
}

/// The message that the first word means, and what follows it.
fn target(rest: &str) -> Result<(Target, &str), String> {
    let (message, rest) = word(rest);
    let message = some(message, "MESSAGE")?;
    Ok((Target::read(&message)?, rest))
}

/// The first word and what follows it; between quotes a word may have spaces.
fn word(text: &str) -> (&str, &str) {
    let quoted = text.strip_prefix('"').and_then(|text| text.split_once('"'));
    let (word, rest) = match quoted {
        Some(parts) => parts,
        None => text.split_once(char::is_whitespace).unwrap_or((text, "")),
    };
    (word, rest.trim_start())
}

fn unquoted(rest: &str) -> &str {
    let quoted = rest
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    quoted.unwrap_or(rest)
}

fn some(name: &str, what: &str) -> Result<String, String> {
    if name.trim().is_empty() {
        return Err(format!("{what} is missing"));
    }
    Ok(name.to_owned())
}

fn too_much(rest: &str) -> String {
    format!("`{}` is too much", show::shortened(rest))
}
