//! Records of files.

use kaiwa_server::ErrorKind;
use kaiwa_server::store::{
    Edit, File, FileId, MIN_FILE_BYTES, NewFile, Repeat, RoomId, UNUSED_FILES_AT_ONCE, UserId,
};

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

fn keep(site: &mut Site, file: &NewFile) -> FileId {
    site.change(|store| store.create_file(file).unwrap())
}

/// A message with these files, as its sequence.
fn attach(site: &mut Site, user: UserId, room: RoomId, files: &[FileId]) -> i64 {
    let mut message = said(room, user, "see");
    message.files = files.to_vec();
    let posted = site.change(|store| store.post(&message, Repeat::Another).unwrap());
    posted.position.seq
}

/// What was uploaded before the fifth second and hangs on no message, from the first on.
fn unused(site: &mut Site) -> Vec<FileId> {
    let found = site.reader.unused_files(FileId(0), at(5)).unwrap();
    assert_eq!(found.next, None);
    found.files.iter().map(|file| file.id).collect()
}

pub(crate) fn a_file_is_its_owners(site: &mut Site) {
    let [ann, bob] = site.accounts();
    let id = keep(site, &new_file(ann, "k1"));
    let own = site.reader.file_of(ann, id).unwrap();
    assert_eq!(own, site.reader.file("k1").unwrap());
    assert!(own.is_some());
    for (owner, id) in [
        (bob, id),
        (UserId(99), id),
        (ann, FileId(id.0 + 1)),
        (ann, FileId(0)),
        (ann, FileId(i64::MIN)),
    ] {
        assert_eq!(site.reader.file_of(owner, id).unwrap(), None);
    }
}

pub(crate) fn what_somebody_has_uploaded(site: &mut Site) {
    let [ann, bob] = site.accounts();
    assert_eq!(site.reader.file_bytes(ann).unwrap(), 0);
    let mut expected = 0;
    for (size, counted) in [
        (0, MIN_FILE_BYTES),
        (1, MIN_FILE_BYTES),
        (MIN_FILE_BYTES + 1, MIN_FILE_BYTES + 1),
        (1 << 40, 1 << 40),
    ] {
        let key = format!("of {size}");
        let file = NewFile {
            size,
            ..new_file(ann, &key)
        };
        keep(site, &file);
        expected += counted;
        assert_eq!(site.reader.file_bytes(ann).unwrap(), expected);
    }
    for key in ["k1", "k2"] {
        keep(site, &new_file(bob, key));
    }
    assert_eq!(site.reader.file_bytes(bob).unwrap(), i64::MAX);
    assert_eq!(site.reader.file_bytes(ann).unwrap(), expected);
    assert_eq!(site.reader.file_bytes(UserId(99)).unwrap(), 0);
}

pub(crate) fn unused_files_are_found_and_forgotten(site: &mut Site) {
    let [ann] = site.accounts();
    assert_eq!(unused(site), []);
    let old = keep(site, &new_file(ann, "old"));
    let young = NewFile {
        at: at(5),
        ..new_file(ann, "young")
    };
    let young = keep(site, &young);
    assert_eq!(unused(site), [old]);
    // When is for whoever looks to say.
    for (id, was_there) in [
        (old, true),
        (old, false),
        (young, true),
        (FileId(99), false),
    ] {
        let removed = site.change(|store| store.remove_unused_file(id).unwrap());
        assert_eq!(removed, was_there);
    }
    assert_eq!(unused(site), []);
    assert_eq!(site.reader.file("old").unwrap(), None);
    assert_eq!(site.reader.file_bytes(ann).unwrap(), 0);
    // Its number is not given again.
    assert!(keep(site, &new_file(ann, "old")) > young);
}

pub(crate) fn used_files_stay(site: &mut Site) {
    let [ann] = site.accounts();
    let (one, other) = (site.group(&[ann]), site.group(&[ann]));
    let file = keep(site, &new_file(ann, "k1"));
    let mut uses = vec![
        (one, attach(site, ann, one, &[file])),
        (one, attach(site, ann, one, &[file])),
        (other, attach(site, ann, other, &[file])),
    ];
    while let Some((room, seq)) = uses.pop() {
        assert_eq!(unused(site), []);
        assert!(!site.change(|store| store.remove_unused_file(file).unwrap()));
        assert!(site.reader.file("k1").unwrap().is_some());
        site.change(|store| store.edit(room, seq, &Edit::Delete, at(9)).map(drop))
            .unwrap();
    }
    assert_eq!(unused(site), [file]);
    // As long as it is there, it can be used again: then it stays.
    attach(site, ann, one, &[file]);
    assert!(!site.change(|store| store.remove_unused_file(file).unwrap()));
}

pub(crate) fn many_files_are_looked_at_in_turn(site: &mut Site) {
    let [ann] = site.accounts();
    let room = site.group(&[ann]);
    let count = 2 * UNUSED_FILES_AT_ONCE;
    let ids: Vec<FileId> = site.change(|store| {
        let file = |number| NewFile {
            size: 1,
            ..new_file(ann, &format!("k{number}"))
        };
        (0..count)
            .map(|number| store.create_file(&file(number)).unwrap())
            .collect()
    });
    let used: Vec<FileId> = ids.iter().copied().step_by(100).collect();
    for files in used.chunks(10) {
        attach(site, ann, room, files);
    }
    let (mut found, mut after, mut looks) = (Vec::new(), FileId(0), 0);
    loop {
        let some = site.reader.unused_files(after, at(5)).unwrap();
        found.extend(some.files.iter().map(|file| file.id));
        looks += 1;
        match some.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(looks, 2);
    let expected: Vec<FileId> = ids.into_iter().filter(|id| !used.contains(id)).collect();
    assert_eq!(found, expected);
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
