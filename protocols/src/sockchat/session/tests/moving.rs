//! Channels, and who is in them.

use super::*;

#[test]
fn switching_as_a_php_server_does_it() {
    let mut rig = Rig::signed_in();
    rig.send(join("Tea")).unwrap();
    assert_eq!(rig.written(), ["2|1|/join Tea"]);
    rig.hear("5|1|1|20");
    rig.hear("8|3");
    rig.hear("7|0|1|3|carol|inherit|1^0^0^0^0|1|21");
    rig.hear("7|1|1424000000|3|carol|inherit|1^0^0^0^0|tea?|19|0|10010");
    rig.hear("5|2|Tea");
    rig.hear("2|1424000000|3|hello|22|10010|0|Tea");
    assert_eq!(
        rig.events(),
        [
            "Channel::Leave Lobby",
            "Channel::Join Tea",
            "Channel::Switch Tea",
            "User::New alice",
            "User::New carol",
            "Chat::History Tea 19 Delivered tea?",
            "Status::Done",
            "Chat::New Tea 22 Delivered hello",
        ]
    );
}

#[test]
fn a_channel_that_lets_nobody_in() {
    let mut rig = Rig::signed_in();
    rig.send(join("Staff")).unwrap();
    rig.written();
    rig.hear("2|1424000000|-1|1^ipwchan^Staff|20|10010");
    rig.hear("5|2|Lobby");
    assert_eq!(
        rig.events(),
        [
            "Chat::New Lobby 20 Delivered the password for Staff is wrong",
            "Status::Failed Forbidden"
        ]
    );
    assert_eq!(rig.send(join("two words")), Err(ErrorKind::Invalid));
}

#[test]
fn people_come_and_go() {
    let mut rig = Rig::signed_in();
    rig.hear("1|1424000000|3|carol|inherit|1^0^0^0^0|5");
    rig.hear("10|3|~car&amp;lt;l|blue|1^0^0^0^0");
    rig.hear("3|3|carol|leave|1424000000|6");
    rig.hear("3|3|carol|leave|1424000000|6");
    rig.hear("5|1|2|7");
    rig.hear("4|2|Tea");
    rig.hear("4|2|Tea");
    assert_eq!(
        rig.events(),
        [
            "User::New carol",
            "User::Update ~car&lt;l",
            "User::Remove 3",
            "User::Remove 2",
            "Channel::Remove Tea",
        ]
    );
}
