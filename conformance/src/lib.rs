//! The conformance suite of kaiwa: what docs/events.md promises, as cases that every network passes.
//!
//! Whoever writes a network writes a [`Harness`]: how to start a [`Peer`] (a server of that network in this process) and how
//! to make it misbehave. [`conformance!`] then makes one `#[test]` per case of [`cases`]. A case that needs what the network
//! or its peer cannot do ([`Harness::LACKS`], and events that its capabilities do not name) is left out and named in the
//! output.
//!
//! Beside it: [`transcript`] replays golden transcripts on a session without IO, and [`relay`] is a TCP relay that breaks
//! connections in many ways, for peers over real sockets.
//!
//! What it does not do: it knows no network, and it measures nothing.
//!
//! Start at [`Harness`], then read [`cases`].

#![forbid(unsafe_code)]
#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "a test suite says what is wrong by panicking"
)]

mod account;
mod audit;
pub mod cases;
mod harness;
pub mod relay;
mod run;
pub mod samples;
pub mod transcript;
mod watch;

pub use account::Account;
pub use harness::{Fault, Harness, Need, Order, Peer};
#[doc(hidden)]
pub use kaiwa_core::EventKind;
pub use run::run;
pub use watch::{Outcome, Watch};

/// Makes one `#[test]` per case, in a module: `conformance!(mock, MockHarness);`.
#[macro_export]
macro_rules! conformance {
    ($network:ident, $harness:ty) => {
        $crate::conformance! { @tests $network, $harness;
            connect::signs_in_in_order [];
            connect::refused_credentials_are_an_auth_error [SignIn];
            connect::nobody_there_is_a_transport_error [];
            connect::dropping_connect_closes_the_socket [Stall];
            connect::connecting_twice_is_refused [];
            connect::disconnecting_twice_is_refused [];
            connect::disconnect_settles_first [Hold];
            connect::disconnect_does_not_wait_for_a_dead_peer [Silence];
            connect::dropping_the_connection_ends_its_subscribers [];
            connect::reconnect_is_an_upsert [];
            connect::missed_messages_are_history [History];
            connect::secrets_stay_secret [];
            send::echo_comes_at_once [];
            send::a_given_id_is_kept_until_the_network_gives_one [];
            send::each_message_is_settled_once [Hold];
            send::confirmations_in_another_order [Hold, Disorder];
            send::confirmations_come_twice [Hold, Duplicates];
            send::what_is_unsupported_is_said [];
            send::what_is_wrong_is_said [];
            send::a_refused_message_fails [Refusal];
            send::nothing_is_sent_before_the_first_connect [];
            send::what_was_not_written_waits_for_the_next_connection [];
            send::what_was_cut_off_is_settled_after_the_reconnect [Hold, Own];
            send::a_late_confirmation_still_counts [Hold, Late];
            send::everything_supported_is_answered [];
            send::every_request_ends_once_whatever_happens [Hold];
            send::what_was_asked_for_and_cut_off_ends_once [];
            history::pages_reach_the_beginning [; ChatRequestHistory];
            history::one_page_holds_the_newest [; ChatRequestHistory];
            history::what_is_asked_for_in_vain_fails [; ChatRequestHistory];
            history::what_is_said_meanwhile_is_news [; ChatRequestHistory];
            talk::edits_reach_others [; ChatUpdate];
            talk::deletions_reach_others [; ChatRemove];
            talk::replies_are_carried [Replies];
            talk::reactions_are_told_once_to_everybody [; ChatReact];
            talk::reactions_are_in_history [; ChatReact, ChatRequestHistory];
            talk::typing_reaches_others [; ChatTyping];
            talk::typing_lapses [PausedTime; ChatTyping];
            talk::a_message_that_waits_is_taken_back [; ChatRemove];
            files::a_file_goes_along [Files];
            files::a_file_that_cannot_be_sent_fails_with_its_message [Files];
            files::a_file_is_taken_back [Files; ChatRemove];
            people::contact_is_asked_for_and_given [Contacts; UserRequest, UserRespond];
            people::contact_is_asked_for_and_refused [Contacts; UserRequest, UserRespond];
            people::contacts_are_told_at_sign_in [Contacts; UserRequest, UserRespond];
            people::nobody_cannot_be_asked [; UserRequest];
            people::presence_reaches_contacts [Returning; UserPresence];
            people::a_read_mark_is_taken [; ChatRead];
            people::a_read_mark_reaches_others [Receipts; ChatRead];
            places::members_are_listed [; ChannelMembers];
            places::members_are_added [Adding; ChannelNew, ChannelMembers];
            places::who_is_banned_stays_out [Moderation; UserBan, ChannelJoin];
            places::a_topic_is_set_and_received [Topics; ChannelTopic];
            doors::a_channel_is_made_in_another_one [Nesting; ChannelCreate];
            doors::what_is_public_is_in_the_directory [; ChannelCreate, ChannelJoin, ChannelDirectory];
            doors::an_invitation_opens_what_is_closed [; ChannelCreate, ChannelJoinWith, ChannelInvite];
            doors::an_invitation_for_one_lets_in_one [; ChannelCreate, ChannelJoinWith, ChannelInvite];
            kept::data_is_kept_over_a_reconnect [; UserData, UserRequestData];
            kept::data_is_of_one_user [; UserData, UserRequestData];
            flood::a_slow_reader_loses_nothing [];
            flood::what_waits_is_bounded [PausedTime];
            flood::writing_goes_on_while_reading_pauses [];
            flood::disconnect_needs_no_room [];
            flood::a_stalled_subscriber_is_cut_off [PausedTime];
            flood::a_pause_is_not_the_peers_silence [PausedTime, Liveness];
            hostile::garbage_is_survived [Garbage];
            hostile::silence_is_noticed [PausedTime, Liveness, Silence];
            hostile::a_half_closed_connection_is_lost [HalfClose];
            hostile::a_broken_connection_is_lost [];
            hostile::a_goodbye_of_the_peer_is_a_loss [Goodbye];
            hostile::a_peer_that_does_not_read_is_survived [StopReading];
            hostile::a_dead_peer_is_noticed_by_a_writer [PausedTime, Liveness, Silence, StopReading];
            many::accounts_do_not_disturb_each_other [];
            many::subscribers_see_the_same_order [];
            many::a_subscriber_sees_what_comes_after_it [];
        }
    };
    (@tests $network:ident, $harness:ty; $($group:ident::$case:ident [$($need:ident),* $(; $($kind:ident),+)?];)*) => {
        mod $network {
            #[allow(unused_imports, reason = "the harness may be named by a path")]
            use super::*;

            /// Each case, what it needs and which events it sends: for who has to say what is left out.
            #[allow(dead_code, reason = "few have to")]
            pub(crate) const CASES: &[(&str, &[$crate::Need], &[$crate::EventKind])] = &[
                $((
                    stringify!($case),
                    &[$($crate::Need::$need),*],
                    &[$($($crate::EventKind::$kind),+)?],
                ),)*
            ];

            $(
                #[test]
                fn $case() {
                    $crate::run::<$harness, _>(
                        concat!(stringify!($network), "::", stringify!($case)),
                        &[$($crate::Need::$need),*],
                        &[$($($crate::EventKind::$kind),+)?],
                        $crate::cases::$group::$case::<$harness>,
                    );
                }
            )*
        }
    };
}

#[cfg(test)]
mod tests {
    /// A case that the table above leaves out would never run.
    #[test]
    fn every_case_is_in_the_table() {
        let table = include_str!("lib.rs");
        let groups = [
            ("connect", include_str!("cases/connect.rs")),
            ("send", include_str!("cases/send.rs")),
            ("flood", include_str!("cases/flood.rs")),
            ("history", include_str!("cases/history.rs")),
            ("people", include_str!("cases/people.rs")),
            ("places", include_str!("cases/places.rs")),
            ("talk", include_str!("cases/talk.rs")),
            ("files", include_str!("cases/files.rs")),
            ("doors", include_str!("cases/doors.rs")),
            ("kept", include_str!("cases/kept.rs")),
            ("hostile", include_str!("cases/hostile.rs")),
            ("many", include_str!("cases/many.rs")),
        ];
        let mut count = 0;
        for (group, source) in groups {
            for line in source.lines() {
                let Some(rest) = line.strip_prefix("pub async fn ") else {
                    continue;
                };
                let name = rest.split(['<', '(']).next().unwrap();
                assert!(
                    table.contains(&format!("            {group}::{name} [")),
                    "{group}::{name} is not in the table"
                );
                count += 1;
            }
        }
        assert!(count > 30, "{count} cases found");
    }
}
