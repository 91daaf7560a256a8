//! Checks a value against a schema: the part of JSON Schema that ours uses; any other word of it panics.

use serde_json::{Map, Value};

pub(crate) struct Checker<'a> {
    root: &'a Value,
}

type Checked = Result<(), String>;

impl<'a> Checker<'a> {
    pub(crate) fn new(root: &'a Value) -> Self {
        Self { root }
    }

    pub(crate) fn check(&self, value: &Value) -> Checked {
        self.check_against(self.root, value)
    }

    pub(crate) fn check_against(&self, schema: &Value, value: &Value) -> Checked {
        // Any JSON at all.
        if *schema == Value::Bool(true) {
            return Ok(());
        }
        let schema = schema.as_object().unwrap();
        for (word, rule) in schema {
            let ok = match word.as_str() {
                "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
                "$ref" => {
                    self.check_against(self.resolve(rule), value)?;
                    true
                }
                "type" => is_of_type(rule, value),
                "const" => value == rule,
                "enum" => rule.as_array().unwrap().contains(value),
                "not" => self.check_against(rule, value).is_err(),
                "oneOf" => self.fits(rule, value) == 1,
                "anyOf" => self.fits(rule, value) >= 1,
                "minimum" | "maximum" | "minItems" | "maxItems" | "minProperties"
                | "maxProperties" => is_within(word, rule, value),
                "uniqueItems" => is_unique(value),
                _ => {
                    self.check_inside(word, schema, value)?;
                    true
                }
            };
            if !ok {
                return Err(format!("`{word}` is broken by {value}"));
            }
        }
        Ok(())
    }

    /// Rules about what an array or object holds.
    fn check_inside(&self, word: &str, schema: &Map<String, Value>, value: &Value) -> Checked {
        let rule = &schema[word];
        match (word, value) {
            ("items", Value::Array(items)) => items
                .iter()
                .try_for_each(|item| self.check_against(rule, item)),
            ("properties", Value::Object(map)) => map.iter().try_for_each(|(key, inner)| {
                rule.get(key).map_or(Ok(()), |rule| {
                    self.check_against(rule, inner)
                        .map_err(|wrong| format!("{key}: {wrong}"))
                })
            }),
            ("propertyNames", Value::Object(map)) => map
                .keys()
                .try_for_each(|key| self.check_against(rule, &Value::from(key.as_str()))),
            ("required", Value::Object(map)) => {
                let keys = rule.as_array().unwrap();
                match keys
                    .iter()
                    .find(|key| !map.contains_key(key.as_str().unwrap()))
                {
                    Some(missing) => Err(format!("{missing} is missing")),
                    None => Ok(()),
                }
            }
            ("additionalProperties", Value::Object(map)) => {
                assert_eq!(rule, false);
                let known = schema["properties"].as_object().unwrap();
                match map.keys().find(|key| !known.contains_key(*key)) {
                    Some(extra) => Err(format!("`{extra}` is too much")),
                    None => Ok(()),
                }
            }
            ("items" | "properties" | "propertyNames" | "required" | "additionalProperties", _) => {
                Ok(())
            }
            _ => panic!("the schema uses `{word}`, which this check does not know"),
        }
    }

    fn fits(&self, rules: &Value, value: &Value) -> usize {
        let rules = rules.as_array().unwrap().iter();
        rules
            .filter(|rule| self.check_against(rule, value).is_ok())
            .count()
    }

    fn resolve(&self, reference: &Value) -> &'a Value {
        let path = reference.as_str().unwrap().strip_prefix('#').unwrap();
        self.root.pointer(path).unwrap()
    }
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    if let Value::Array(rules) = rule {
        return rules.iter().any(|rule| is_of_type(rule, value));
    }
    match rule.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the schema uses the type `{other}`, which this check does not know"),
    }
}

fn is_within(word: &str, rule: &Value, value: &Value) -> bool {
    let limit = rule.as_u64().unwrap();
    let number = match (word, value) {
        ("minimum" | "maximum", value) => value.as_u64(),
        ("minItems" | "maxItems", Value::Array(items)) => u64::try_from(items.len()).ok(),
        ("minProperties" | "maxProperties", Value::Object(map)) => u64::try_from(map.len()).ok(),
        _ => None,
    };
    number.is_none_or(|number| {
        if word.starts_with("min") {
            number >= limit
        } else {
            number <= limit
        }
    })
}

fn is_unique(value: &Value) -> bool {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .enumerate()
        .all(|(at, item)| !items[..at].contains(item))
}
