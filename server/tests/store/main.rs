//! What every store must do, whatever keeps it. A new one adds a `store_suite!` line.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bans;
mod called;
mod changes;
mod channels;
mod circles;
mod contacts;
mod conversations;
mod data;
mod files;
mod hostile;
mod invites;
mod marks;
mod members;
mod messages;
mod model;
mod names;
mod race;
mod races_over_messages;
mod races_over_people;
mod races_over_rooms;
mod races_over_subscriptions;
mod reopening;
mod rooms;
mod sessions;
mod silence;
mod site;
mod streams;
mod subscriptions;
mod transactions;
mod users;

use std::path::Path;

use kaiwa_server::store::{SqliteStore, Store};

/// Runs the tests of these files, each on a store of its own. A function that is missing here is not used, which is a warning.
macro_rules! tests {
    ($open:path; $($topic:ident { $($test:ident,)* })*) => {$(
        mod $topic {
            $(#[test]
            fn $test() {
                crate::$topic::$test(&mut crate::site::Site::new($open));
            })*
        }
    )*};
}

/// Everything that holds for any store; `$open` opens the store of a directory.
macro_rules! store_suite {
    ($name:ident, $open:path) => {
        mod $name {
            tests! { $open;
                bans {
                    who_is_banned_where_and_how_long,
                    the_longest_ban_counts,
                    an_address_is_the_same_in_both_forms,
                    ended_bans_are_forgotten,
                    what_is_refused,
                }
                called {
                    by_any_of_their_names,
                    a_nick_is_nobody_elses_name,
                }
                changes {
                    what_is_new_edited_and_reacted,
                    too_many_are_not_told,
                    a_replica_that_follows_has_the_room,
                }
                channels {
                    all_are_listed_and_nothing_else,
                    the_most_that_there_may_be,
                    nothing_is_kept_of_who_has_gone,
                    when_a_server_starts_nobody_is_there,
                    what_was_said_last,
                    however_many_were_deleted,
                    where_something_was_said,
                    rooms_of_two_and_since_when,
                    those_of_somebody,
                }
                circles {
                    the_lobby_has_streams_too,
                    a_streams_name_is_its_own_in_any_case_and_form,
                    handing_over,
                    the_most_that_somebody_may_have,
                    streams_of_one_circle,
                    public_ones_are_found_in_pages,
                }
                contacts {
                    both_sides_see_a_relation,
                    asking_again_changes_only_a_refusal,
                    what_is_refused,
                }
                conversations {
                    the_newest_is_first,
                    only_what_may_be_seen,
                    the_other_person,
                    a_thousand_rooms,
                }
                data {
                    each_scope_has_its_own,
                    leaving_and_removing_forget,
                    the_most_keys,
                    what_is_refused,
                }
                files {
                    a_file_is_found_by_its_key,
                    a_file_is_its_owners,
                    what_somebody_has_uploaded,
                    unused_files_are_found_and_forgotten,
                    used_files_stay,
                    many_files_are_looked_at_in_turn,
                    what_is_refused,
                }
                hostile {
                    strange_texts_come_back_as_they_are,
                    strange_texts_find_nothing,
                    enormous_texts,
                    strange_numbers,
                }
                invites {
                    one_person_once_or_anybody_always,
                    expiry,
                    the_most_that_are_open,
                    what_is_refused,
                }
                marks {
                    posting_reads_what_was_read,
                    reading_moves_over_what_is_read,
                    marks_never_go_back,
                    what_came_before_is_read,
                    deleted_messages_count_like_others,
                    what_is_refused,
                }
                members {
                    coming_and_going,
                    roles,
                    spans_of_somebody_who_comes_back,
                    pages,
                    what_is_refused,
                }
                messages {
                    positions_have_no_holes,
                    everything_comes_back,
                    guests_are_known_by_their_names,
                    the_same_client_id_is_the_same_message,
                    only_the_last_hundred_ids_are_known,
                    edits_and_deletions,
                    reactions_in_the_order_of_their_changes,
                    the_most_reactions,
                    pages,
                    what_is_refused,
                }
                model {
                    a_group_counts_like_its_inbox,
                    a_stream_counts_like_its_inbox,
                }
                names {
                    one_name_in_any_case_and_form,
                    guests_have_very_names,
                }
                races_over_messages {
                    joining_and_posting,
                    leaving_and_posting,
                    leaving_and_reading,
                    removing_and_posting,
                    posting_and_reading,
                    one_client_id_twice,
                    editing_and_deleting,
                    deleting_and_reacting,
                    giving_and_taking_back,
                }
                races_over_people {
                    two_accounts_of_one_name,
                    asking_and_answering,
                    asking_each_other,
                    signing_out_and_moving,
                    banning_and_unbanning,
                    silencing_and_speaking,
                    ending_a_silence_and_speaking,
                    two_nicks_of_one_name,
                    a_nick_and_an_account_of_one_name,
                }
                races_over_rooms {
                    two_rooms_of_one_pair,
                    two_channels_of_one_name,
                    joining_and_leaving,
                    leaving_and_a_role,
                    leaving_and_data,
                    removing_and_joining,
                    removing_a_circle_and_making_a_stream,
                    removing_and_renaming,
                    removing_and_inviting,
                    using_an_invitation_twice,
                    emptying_channels_and_entering,
                    emptying_channels_and_making_one,
                }
                races_over_subscriptions {
                    subscribing_and_leaving,
                    subscribing_and_removing_the_circle,
                    subscribing_and_unsubscribing,
                    subscribing_twice,
                    unsubscribing_and_removing_the_circle,
                    posting_and_unsubscribing,
                    handing_over_and_leaving,
                    handing_over_to_two,
                    two_streams_of_one_name,
                }
                rooms {
                    the_lobby_is_there,
                    everything_comes_back,
                    a_room_is_changed_in_part,
                    two_have_one_room,
                    whoever_left_a_room_of_two_is_let_back_in,
                    channels_are_found_in_any_ascii_case,
                    public_rooms_by_a_part_of_their_name,
                    removing_takes_everything_along,
                    what_was_removed_is_cleared_away_bit_by_bit,
                    what_is_refused,
                }
                sessions {
                    a_token_resumes_until_it_ends,
                    expired_ones_are_forgotten_after_a_day,
                    the_oldest_of_many_are_forgotten,
                    all_but_one_are_ended,
                    moving,
                    what_is_refused,
                }
                silence {
                    it_says_until_when,
                    a_room_and_what_lies_in_it,
                    nothing_is_said_by_an_edit,
                    only_accounts_are_silenced_and_only_by_this_kind,
                    ending_it,
                    what_was_kept_before_is_still_kept,
                    a_failure_keeps_neither_it_nor_its_end,
                }
                streams {
                    members_are_the_circles,
                    each_has_marks_of_its_own,
                    coming_late_and_coming_back,
                    removing_a_circle_removes_them,
                }
                subscriptions {
                    coming_in_subscribes_but_not_to_circles,
                    leaving_and_removing_end_it,
                    since_when_and_how_far_read,
                    the_most_that_somebody_may_have,
                    what_is_refused,
                }
                transactions {
                    a_failure_keeps_nothing,
                    numbers_go_on_after_a_failure,
                    a_refusal_does_not_stop_the_others,
                    readers_see_what_is_committed_and_nothing_else,
                    readers_beside_a_writer,
                    a_panic_keeps_nothing,
                }
                users {
                    everything_comes_back,
                    a_person_is_changed_in_part,
                    what_is_refused,
                }
            }
        }
    };
}

/// What holds for a store that outlives its process.
macro_rules! kept_suite {
    ($name:ident, $open:path) => {
        mod $name {
            tests! { $open;
                reopening {
                    everything_is_still_there,
                    numbers_go_on,
                    numbers_of_removed_messages_are_not_reused,
                }
            }
        }
    };
}

store_suite!(sqlite, crate::on_disk);
kept_suite!(sqlite_kept, crate::on_disk);
store_suite!(memory, crate::in_memory);

fn on_disk(dir: &Path) -> Box<dyn Store> {
    Box::new(SqliteStore::open(dir).unwrap())
}

fn in_memory(_dir: &Path) -> Box<dyn Store> {
    Box::new(SqliteStore::in_memory().unwrap())
}
