//! Records of files.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{File, FileId, NewFile, Repeat, UserId};

use crate::site::{Site, at, said};

pub(crate) fn new_file(owner: UserId, key: &str) -> NewFile {
    NewFile {
        key: key.to_owned(),
        owner,
        name: "a picture.png".to_owned(),
        mime: "image/png".to_owned(),
        size: i64::MAX,
        at: at(4),
    }
}

pub(crate) fn a_file_is_found_by_its_key(site: &mut Site) {
    let ann = site.account("ann");
    let id = site.change(|store| store.create_file(&new_file(ann, "k1")).unwrap());
    let expected = File {
        id,
        key: "k1".to_owned(),
        owner: ann,
        name: "a picture.png".to_owned(),
        mime: "image/png".to_owned(),
        size: i64::MAX,
        created: at(4),
    };
    assert_eq!(site.reader.file("k1").unwrap(), Some(expected));
    assert_eq!(site.reader.file("K1").unwrap(), None);
}

pub(crate) fn what_is_refused(site: &mut Site) {
    let ann = site.account("ann");
    let room = site.group(&[ann]);
    let id = site.change(|store| store.create_file(&new_file(ann, "k1")).unwrap());
    site.refused(ErrorKind::Conflict, |store| {
        store.create_file(&new_file(ann, "k1"))
    });
    site.refused(ErrorKind::NotFound, |store| {
        store.create_file(&new_file(UserId(99), "k2"))
    });
    assert_eq!(site.reader.file("k2").unwrap(), None);
    let mut message = said(room, ann, "see");
    message.files = vec![id, FileId(id.0 + 1)];
    site.refused(ErrorKind::NotFound, |store| {
        store.post(&message, Repeat::Another)
    });
}
