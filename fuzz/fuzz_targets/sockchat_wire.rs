//! Whatever frame comes to either end, it is read without panic, into memory in the order of its length, and what is written of
//! it is a packet again, and the same whenever it is written again.

#![no_main]

use kaiwa_protocols::sockchat::wire::{
    ClientPacket, Command, DisplayName, Notice, ServerPacket, defused, revealed,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &str| {
    if let Ok(packet) = ServerPacket::parse(frame) {
        let written = packet.encode();
        match ServerPacket::parse(&written) {
            Ok(again) => assert_eq!(again.encode(), written),
            Err(error) => panic!("{error}: {written:?}"),
        }
        match &packet {
            ServerPacket::Users { users, .. } => assert!(users.len() <= frame.len()),
            ServerPacket::Channels { channels, .. } => assert!(channels.len() <= frame.len()),
            _ => {}
        }
    }
    if let Ok(packet) = ClientPacket::parse(frame) {
        let written = packet.encode();
        match ClientPacket::parse(&written) {
            Ok(again) => assert_eq!(again.encode(), written),
            Err(error) => panic!("{error}: {written:?}"),
        }
    }
    if let Some(notice) = Notice::read(frame) {
        let _ = notice.english();
        let written = notice.written();
        assert_eq!(Notice::read(&written).as_ref(), Some(&notice));
    }
    let name = DisplayName::read(frame);
    let _ = name.written();
    let sent = defused(frame);
    assert!(Command::read(&sent).is_none());
    assert_eq!(revealed(&sent), frame);
});
