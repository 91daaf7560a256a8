//! The JSON Schema of the vocabulary; docs/events.schema.json is made from it.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::{Value, json};

use super::ConnectionEvent;
use crate::client::Event;
use crate::{Account, Protocol};

/// The JSON Schema of [`ConnectionEvent`]; [`Account`], [`Protocol`] and [`Event`] are among its `$defs`.
///
/// It allows fields and variants of newer versions, which every reader skips.
#[must_use]
pub fn json_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .for_deserialize()
        .with_transform(open)
        .into_generator();
    generator.subschema_for::<Account>();
    generator.subschema_for::<Protocol>();
    generator.subschema_for::<Event>();
    generator
        .into_root_schema_for::<ConnectionEvent>()
        .to_value()
}

/// Adds to each enum the variants that it does not have yet.
fn open(schema: &mut Schema) {
    transform_subschemas(&mut open, schema);
    let Some(Value::Array(variants)) = schema.get_mut("oneOf") else {
        return;
    };
    let Some(names) = variants.iter().map(name).collect::<Option<Vec<_>>>() else {
        return;
    };
    let has_fields = variants.iter().any(|one| one.get("properties").is_some());
    variants.push(json!({
        "description": "A variant of a newer version.",
        "type": "string",
        "not": { "enum": names },
    }));
    if has_fields {
        variants.push(json!({
            "description": "A variant of a newer version.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": { "not": { "enum": names } },
        }));
    }
}

/// The name of the variant that a part of an enum stands for; `None` where it is no part of an enum.
fn name(variant: &Value) -> Option<Value> {
    if let Some(name) = variant.get("const") {
        return Some(name.clone());
    }
    match variant.get("required")?.as_array()?.as_slice() {
        [tag] => Some(tag.clone()),
        _ => None,
    }
}
