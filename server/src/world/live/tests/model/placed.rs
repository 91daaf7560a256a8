//! Connections that are in one room at a time, against a naive model: each hears what is said where it is and to its person
//! alone, is told of others where it is, and of its person everywhere.

mod rig;

use std::fmt::Write as _;

use self::rig::Rig;
use super::*;

/// Rooms in which one can be: a group, a stream, a channel. The stream lies in the last room.
const SPOTS: usize = 3;
const STREAM: usize = 1;
const CIRCLE: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Enter(usize, usize),
    Leave(usize, usize),
    Sit(usize, usize),
    Rise(usize),
    Move(usize, usize),
    Post(usize, usize),
    Delete(usize, Index),
    Talk(usize, usize),
    LeaveTalk(usize, usize),
    DeleteTalk(usize, usize, i64),
    Remove(usize),
    Commit,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..PEOPLE;
    let connection = || 0..CONNECTIONS;
    // One more is none.
    let place = || 0..=SPOTS;
    let room = || 0..SPOTS;
    let seq = any::<Index>;
    let step = prop_oneof![
        4 => (who(), room()).prop_map(|(who, room)| Step::Enter(who, room)),
        2 => (who(), room()).prop_map(|(who, room)| Step::Leave(who, room)),
        4 => (connection(), place()).prop_map(|(who, place)| Step::Sit(who, place)),
        1 => connection().prop_map(Step::Rise),
        5 => (who(), place()).prop_map(|(who, place)| Step::Move(who, place)),
        9 => (who(), room()).prop_map(|(who, room)| Step::Post(who, room)),
        2 => (room(), seq()).prop_map(|(room, seq)| Step::Delete(room, seq)),
        6 => (who(), who()).prop_map(|(who, other)| Step::Talk(who, other)),
        2 => (who(), who()).prop_map(|(who, other)| Step::LeaveTalk(who, other)),
        3 => (who(), who(), 1..5_i64).prop_map(|(who, other, seq)| Step::DeleteTalk(who, other, seq)),
        1 => room().prop_map(Step::Remove),
        5 => Just(Step::Commit),
    ];
    let begin = (0..CONNECTIONS)
        .map(|connection| Step::Sit(connection, connection % SPOTS))
        .chain((0..PEOPLE).map(|who| Step::Enter(who, STREAM)))
        .collect::<Vec<_>>();
    proptest::collection::vec(step, 0..80).prop_map(move |steps| [begin.clone(), steps].concat())
}

/// Shows everything by numbers.
struct Words;

impl Network for Words {
    fn message(&self, said: &Said, out: &mut Vec<u8>) {
        let room = said.submission.message.room.0;
        out.extend_from_slice(format!("{room}:{} ", said.posted.position.seq).as_bytes());
    }

    fn echo(&self, _: &Said, _: &mut Vec<u8>) -> Echo {
        Echo::Same
    }

    fn shared(&self, notice: &Notice, _: Option<Role>) -> Option<Bytes> {
        match notice {
            Notice::Edited(message) => {
                let text = format!("{}:-{} ", message.room.0, message.position.seq);
                Some(text.into())
            }
            _ => None,
        }
    }

    fn notice(&self, notice: &Notice, _: UserId) -> Option<Bytes> {
        let mut text = String::new();
        match notice {
            Notice::Entered { room, members } => {
                let users = members.iter().map(|member| member.user.id.0);
                told(&mut text, '+', room.id(), users);
            }
            Notice::Left { room, people, .. } => {
                let users = people.iter().map(|user| user.id.0);
                told(&mut text, '-', room.id(), users);
            }
            Notice::RoomRemoved { room, .. } => told(&mut text, 'x', room.id(), []),
            _ => return None,
        }
        Some(text.into())
    }
}

fn told(text: &mut String, word: char, room: RoomId, users: impl IntoIterator<Item = i64>) {
    let users: Vec<i64> = users.into_iter().collect();
    write!(text, "{word}{}{users:?} ", room.0).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whoever_is_in_one_room_hears_that_and_what_is_said_to_them(steps in steps()) {
        let mut rig = Rig::new();
        for step in &steps {
            rig.step(step);
        }
        rig.step(&Step::Commit);
    }
}
