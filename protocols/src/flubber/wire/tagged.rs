//! `{"type":T,"value":V}`, read in two steps, so that the order of the two does not matter and nothing is built twice.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Fault, WireError};

#[derive(Deserialize)]
pub(super) struct Tagged<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Cow<'a, str>,
    /// `None` if missing or null.
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

impl<'a> Tagged<'a> {
    pub(super) fn new(kind: Cow<'a, str>, value: Option<&'a RawValue>) -> Self {
        Self { kind, value }
    }

    pub(super) fn parse(json: &'a str) -> Result<Self, WireError> {
        Ok(serde_json::from_str(json)?)
    }

    pub(super) fn value<T: DeserializeOwned>(&self) -> Result<T, WireError> {
        let json = self.json().ok_or(WireError::new(Fault::Data))?;
        Ok(serde_json::from_str(json)?)
    }

    pub(super) fn json(&self) -> Option<&'a str> {
        self.value.map(RawValue::get)
    }
}
