//! Whatever a wschat peer sends and whenever, the session keeps the rules of [`kaiwa_fuzz`], and only ever sends objects: the
//! original server breaks at anything else.

#![no_main]

use kaiwa_fuzz::{Action, Network, number, play};
use kaiwa_protocols::wschat::WschatSession;
use kaiwa_protocols::wschat::wire::Submitted;
use libfuzzer_sys::fuzz_target;

/// Nothing that the engine would come upon by itself.
const TOKEN: &str = "4f0f6a1c-token-58d2";

fuzz_target!(|script: Vec<Action<'_>>| {
    let network = Network {
        session: WschatSession::new(),
        login: &[("url", "ws://localhost/"), ("name", "ann"), ("jwt", TOKEN)],
        secret: TOKEN,
        answer: |text, now| match Submitted::parse(text) {
            Ok(submitted) => submitted.relay(now),
            Err(error) => panic!("{error}: {text}"),
        },
        http: |request| panic!("wschat has no {request:?}"),
        pace: None,
        id: number,
    };
    play(network, &script);
});
