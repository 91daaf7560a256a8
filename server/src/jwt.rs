//! JSON Web Tokens as wschat takes them: HS256 only, claims ignored unless asked for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::hmac;
use serde_json::{Map, Value};

/// Checks tokens against one secret.
pub(crate) struct Verifier {
    key: hmac::Key,
    enforce_times: bool,
}

impl Verifier {
    /// `secret` is a raw byte string. `enforce_times` makes `exp` and `nbf` count, which the original ignores.
    pub(crate) fn new(secret: &[u8], enforce_times: bool) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret),
            enforce_times,
        }
    }

    /// Whether the token is signed with the secret, and in time where that counts.
    pub(crate) fn accepts(&self, token: &str, now: DateTime<Utc>) -> bool {
        self.payload(token)
            .is_some_and(|claims| !self.enforce_times || in_time(&claims, now))
    }

    /// The claims, if header, signature and payload are in order.
    fn payload(&self, token: &str) -> Option<Map<String, Value>> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        if object(header)?.get("alg").and_then(Value::as_str) != Some("HS256") {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Constant time by ring's promise.
        hmac::verify(&self.key, signed.as_bytes(), &signature).ok()?;
        object(payload)
    }
}

/// A part of a token; a further `.` in it is no base64, so tokens of more than three parts end here.
fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// A missing claim does not limit; one that is no number forbids.
fn in_time(claims: &Map<String, Value>, now: DateTime<Utc>) -> bool {
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds since 1970 fit a double for ever"
    )]
    let now = now.timestamp() as f64;
    let holds = |claim: &str, test: fn(f64, f64) -> bool| match claims.get(claim) {
        None => true,
        Some(value) => value.as_f64().is_some_and(|limit| test(now, limit)),
    };
    holds("exp", |now, limit| now < limit) && holds("nbf", |now, limit| now >= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"secret";

    fn signed(algorithm: hmac::Algorithm, secret: &[u8], header: &str, payload: &str) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    fn hs256(header: &str, payload: &str) -> String {
        signed(hmac::HMAC_SHA256, SECRET, header, payload)
    }

    fn accepts(token: &str) -> bool {
        Verifier::new(SECRET, false).accepts(token, Utc::now())
    }

    #[test]
    fn accepts_what_the_original_accepts() {
        for payload in [
            "{}",
            r#"{"exp":1}"#,
            r#"{"nbf":99999999999}"#,
            r#"{"aud":"x","iss":5}"#,
        ] {
            assert!(accepts(&hs256(r#"{"alg":"HS256"}"#, payload)), "{payload}");
        }
        assert!(accepts(&hs256(
            r#"{"typ":"x","kid":"y","alg":"HS256"}"#,
            "{}"
        )));
        // Made by another implementation (the example of jwt.io, with its secret).
        let known = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
        assert!(Verifier::new(b"your-256-bit-secret", false).accepts(known, Utc::now()));
    }

    #[test]
    fn refuses_everything_else() {
        let good = hs256(r#"{"alg":"HS256"}"#, "{}");
        let unsigned = good.rsplit_once('.').unwrap().0.to_owned();
        for token in [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            unsigned.clone(),
            format!("{unsigned}."),
            format!("{good}="),
            format!("{good}.x"),
            format!("x.{good}"),
            format!("{good} "),
            signed(hmac::HMAC_SHA256, b"other", r#"{"alg":"HS256"}"#, "{}"),
            signed(hmac::HMAC_SHA384, SECRET, r#"{"alg":"HS384"}"#, "{}"),
            signed(hmac::HMAC_SHA512, SECRET, r#"{"alg":"HS512"}"#, "{}"),
            signed(hmac::HMAC_SHA512, SECRET, r#"{"alg":"HS256"}"#, "{}"),
            hs256(r#"{"alg":"none"}"#, "{}"),
            hs256(r#"{"alg":"hs256"}"#, "{}"),
            hs256(r#"{"alg":5}"#, "{}"),
            hs256("{}", "{}"),
            hs256("[]", "{}"),
            hs256(r#"{"alg":"HS256"}"#, "[]"),
            hs256(r#"{"alg":"HS256"}"#, "5"),
            hs256(r#"{"alg":"HS256"}"#, ""),
        ] {
            assert!(!accepts(&token), "{token}");
        }
        let padded = format!(
            "{}=",
            base64::engine::general_purpose::URL_SAFE.encode("{}")
        );
        assert!(!accepts(&good.replace(".e30.", &format!(".{padded}."))));
    }

    #[test]
    fn times_count_only_when_asked() {
        let now = DateTime::from_timestamp(1000, 0).unwrap();
        let strict = |payload: &str| {
            Verifier::new(SECRET, true).accepts(&hs256(r#"{"alg":"HS256"}"#, payload), now)
        };
        for payload in [
            "{}",
            r#"{"exp":1001}"#,
            r#"{"nbf":1000}"#,
            r#"{"exp":1000.5,"nbf":0}"#,
        ] {
            assert!(strict(payload), "{payload}");
        }
        for payload in [
            r#"{"exp":1000}"#,
            r#"{"nbf":1001}"#,
            r#"{"exp":"1001"}"#,
            r#"{"nbf":null}"#,
        ] {
            assert!(!strict(payload), "{payload}");
        }
    }
}
