//! Commands about circles and channels and who is in them, typed in a pipe.

use crate::typed::typed;

#[test]
fn a_circle_is_made_filled_and_left() {
    let lines = [
        "/circle create Tea time --public",
        "/stream create milk",
        "white?",
        "/stream create general",
        "/channels",
        "/switch Tea time/milk",
        "/stream rename cream",
        "/topic about milk",
        "/topic",
        "/topic \"\"",
        "/topic",
        "/switch tea time",
        "/leave",
        "nowhere",
        "/stream delete Tea time",
        "/circle delete cream",
        "/stream delete cream",
        "/circle leave",
        "/circle delete Tea time",
        "/channels",
    ];
    typed("echo", &["--channel", "Lobby"], &lines).was(
        1,
        &["me: white?"],
        &[
            "the current channel is Tea time",
            "Tea time is a circle without channels; /stream create NAME makes one",
            "the current channel is Tea time/milk",
            "the current channel is Tea time/general",
            "channels: Lobby, Tea time (circle), *Tea time/general, Tea time/milk",
            "the current channel is Tea time/milk",
            "the channel is called Tea time/cream now",
            "the topic of Tea time/cream is: about milk",
            "the topic of Tea time/cream is: about milk",
            "Tea time/cream has no topic any more",
            "Tea time/cream has no topic",
            "the current channel is Tea time/general",
            "you are no longer in Tea time/general",
            "not delivered: nowhere: no such channel",
            "/stream delete Tea time: that is a circle; /circle delete deletes it",
            "/circle delete cream: that is no circle; /stream delete deletes it",
            "Tea time/cream is deleted",
            "/circle leave: no channel is current; /switch CHANNEL makes one so",
            "Tea time is deleted",
            // Left, and still known to this network.
            "channels: general, Lobby",
        ],
    );
}

#[test]
fn people_are_invited_given_roles_and_removed() {
    let lines = [
        "/role somebody admin",
        "/who",
        "/kick SOMEBODY",
        "/who",
        "/invite somebody",
        "/invite nobody",
        "/kick nobody",
        "/role nobody owner",
        "/circle join nowhere",
        "/circle join nowhere code",
        "/circle join lobby wrong",
    ];
    let output = typed("echo", &["--channel", "Lobby"], &lines);
    assert_eq!(output.code, Some(1));
    let code = output.err[4].rsplit(' ').next().unwrap();
    assert_eq!(code.len(), 16, "{output:#?}");
    let invitation = format!("invitation into Lobby for somebody: /circle join lobby {code}");
    output.was(
        1,
        &[],
        &[
            "somebody is admin of Lobby now",
            "in Lobby: me, somebody (admin)",
            "somebody is removed from Lobby",
            "in Lobby: me",
            &invitation,
            "/invite nobody: nobody has that id; /members shows who is there",
            "/kick nobody: they are not in it; /members shows who is there",
            "/role nobody owner: nobody has that id; /members shows who is there",
            "/circle join nowhere: no such channel; /channels shows those that are known",
            "/circle join nowhere code: no such invitation; /channels shows those that are known",
            "/circle join lobby wrong: no such invitation; /channels shows those that are known",
        ],
    );
}

#[test]
fn what_can_be_joined_is_listed_and_joined_by_name() {
    let lines = [
        "/leave",
        "/circles",
        "/circles room",
        "/circles nothing",
        "/circle join ROOM 1",
        "/circle join \"ROOM 1\"",
    ];
    typed("rooms:1", &["--channel", "Room 1"], &lines).was(
        1,
        &[],
        &[
            "you are no longer in Room 1",
            "circles: *Lobby (id lobby), *Room 1 (id room-1)",
            "a * marks those you are in; /circle join ID joins another one",
            "circles: *Room 1 (id room-1)",
            "a * marks those you are in; /circle join ID joins another one",
            "no circle is found that anybody may join; /circle create makes one",
            "/circle join ROOM 1: no such invitation; /channels shows those that are known",
            "the current channel is Room 1",
        ],
    );
}

#[test]
fn what_is_kept_on_the_network_is_read_again() {
    let lines = [
        "/data k",
        "/data k {\"a\": [1, null]}",
        "/data k",
        "/circle data k",
        "/circle create Tea",
        "/circle data k \"here\"",
        "/circle data k",
        "/data k",
        "/data k null",
        "/data k",
        "/circle data k null",
    ];
    typed("echo", &["--channel", "Lobby"], &lines).was(
        1,
        &[],
        &[
            "k has no value",
            "k is {\"a\":[1,null]}",
            "k is {\"a\":[1,null]}",
            "/circle data k: Lobby lies in no circle; /switch to a channel of the circle first",
            "the current channel is Tea",
            "Tea is a circle without channels; /stream create NAME makes one",
            "k is \"here\"",
            "k is \"here\"",
            "k is {\"a\":[1,null]}",
            "k has no value",
            "k has no value",
            "k has no value",
        ],
    );
}
