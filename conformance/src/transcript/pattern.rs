//! Comparing with placeholders: `{{name}}` takes what is there the first time and must be equal from then on.

use std::collections::BTreeMap;

use serde_json::Value;

/// What placeholders have taken.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeMap<String, String>,
}

impl Names {
    /// Gives a name its text.
    pub(super) fn set(&mut self, name: &str, text: String) {
        self.taken.insert(name.to_owned(), text);
    }

    /// `text` with every name replaced by what it has taken.
    pub(super) fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        for part in parts(text) {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Name(name) => {
                    let taken = self.taken.get(name);
                    filled.push_str(taken.ok_or_else(|| format!("nothing is called {name} yet"))?);
                }
            }
        }
        Ok(filled)
    }

    /// Whether `actual` is as `expected` says: as JSON where both are, else as text.
    pub(super) fn check(&mut self, expected: &str, actual: &str) -> Result<(), String> {
        let json = |text: &str| serde_json::from_str::<Value>(text).ok();
        let same = match (json(expected), json(actual)) {
            (Some(expected), Some(actual)) => self.value(&expected, &actual),
            _ => self.text(expected, actual),
        };
        if same {
            return Ok(());
        }
        Err(format!("expected {expected}\n  but got {actual}"))
    }

    fn value(&mut self, expected: &Value, actual: &Value) -> bool {
        match (expected, actual) {
            (Value::String(expected), Value::String(actual)) => self.text(expected, actual),
            (Value::String(expected), actual) => {
                expected.starts_with("{{") && self.text(expected, &actual.to_string())
            }
            (Value::Array(expected), Value::Array(actual)) => {
                expected.len() == actual.len()
                    && expected.iter().zip(actual).all(|(e, a)| self.value(e, a))
            }
            (Value::Object(expected), Value::Object(actual)) => {
                actual
                    .iter()
                    .all(|(key, value)| value.is_null() || expected.contains_key(key))
                    && expected.iter().all(|(key, expected)| {
                        self.value(expected, actual.get(key).unwrap_or(&Value::Null))
                    })
            }
            (expected, actual) => expected == actual,
        }
    }

    fn text(&mut self, expected: &str, actual: &str) -> bool {
        let mut rest = actual;
        let mut parts = parts(expected).into_iter().peekable();
        while let Some(part) = parts.next() {
            let name = match part {
                Part::Text(text) => {
                    let Some(after) = rest.strip_prefix(text) else {
                        return false;
                    };
                    rest = after;
                    continue;
                }
                Part::Name(name) => name,
            };
            if let Some(taken) = self.taken.get(name) {
                let Some(after) = rest.strip_prefix(taken.as_str()) else {
                    return false;
                };
                rest = after;
                continue;
            }
            let length = match parts.peek() {
                Some(Part::Text(next)) => rest.find(next),
                Some(Part::Name(_)) => None,
                None => Some(rest.len()),
            };
            let Some((taken, after)) = length.and_then(|length| rest.split_at_checked(length))
            else {
                return false;
            };
            if name != "_" {
                self.set(name, taken.to_owned());
            }
            rest = after;
        }
        rest.is_empty()
    }
}

enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

fn parts(mut text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    while let Some((before, (name, after))) = text
        .split_once("{{")
        .and_then(|(before, rest)| Some((before, rest.split_once("}}")?)))
    {
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        parts.push(Part::Name(name));
        text = after;
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_once_and_hold() {
        let mut names = Names::default();
        names
            .check("NICK {{nick}} :{{_}}", "NICK ann :x y")
            .unwrap();
        names.check("{{nick}} {{_}}", "ann anything").unwrap();
        names.check("{{nick}}", "bob").unwrap_err();
        assert_eq!(names.fill("to {{nick}}").unwrap(), "to ann");
        names.fill("{{who}}").unwrap_err();
    }

    #[test]
    fn json_is_compared_as_json() {
        let mut names = Names::default();
        let ok = [
            (r#"{"a":1,"b":[2]}"#, r#"{ "b": [2], "a": 1, "c": null }"#),
            (r#"{"a":"{{n}}"}"#, r#"{"a":7}"#),
            (r#"{"a":"local:{{n}}"}"#, r#"{"a":"local:7"}"#),
            (r#"{"a":"{{any}}"}"#, r#"{"a":[1,2]}"#),
            (r#"{"a":null}"#, "{}"),
        ];
        for (expected, actual) in ok {
            names.check(expected, actual).unwrap();
        }
        let wrong = [
            (r#"{"a":1}"#, r#"{"a":1,"b":2}"#),
            (r#"{"a":1,"b":2}"#, r#"{"a":1}"#),
            (r#"{"a":"1"}"#, r#"{"a":1}"#),
            (r#"{"a":"{{n}}"}"#, r#"{"a":8}"#),
            ("[1,2]", "[1]"),
            ("{}", "nothing"),
        ];
        for (expected, actual) in wrong {
            names.check(expected, actual).unwrap_err();
        }
    }
}
