//! A folder that changes, and one that is damaged, while visitors are there.

use super::*;

/// As bake does it: the new folder takes the place of the old one.
fn take_the_place(folder: &Path, new: &Twin) {
    new.write(&folder.join("next"));
    std::fs::rename(folder.join("twin"), folder.join("before")).unwrap();
    std::fs::rename(folder.join("next"), folder.join("twin")).unwrap();
}

#[test]
fn visitors_are_told_of_another_twin_and_fetch_what_is_new() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("twin");
    let (old, new) = (Twin::new(70, 6, 5_000), Twin::new(71, 6, 5_000));
    old.write(&place);
    let server = Server::start(options(folder.path(), 0)).unwrap();
    let mut visitor = join(server.link().clone());
    welcome(&mut visitor);
    assert!(visitor.want(wanted(&old)));
    assert_eq!(receive(&mut visitor, &wanted(&old)), old.blobs);
    take_the_place(folder.path(), &new);
    let changed = loop {
        match next(&mut visitor) {
            Some(Event::Changed(changed)) => break changed,
            Some(Event::Blob { .. }) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(changed.manifest, ContentHash::of(&new.manifest));
    assert!(visitor.want(wanted(&new)));
    assert_eq!(receive(&mut visitor, &wanted(&new)), new.blobs);
    assert_eq!(server.manifest(), changed.manifest);
}

/// What was asked for is gone with the folder that it was in.
#[test]
fn a_visitor_who_is_loading_stays_when_another_twin_takes_the_place() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("twin");
    let (old, new) = (Twin::new(72, 6, 5_000), Twin::new(73, 6, 5_000));
    old.write(&place);
    let server = Server::start(options(folder.path(), 0)).unwrap();
    let mut visitor = join(server.link().clone());
    welcome(&mut visitor);
    take_the_place(folder.path(), &new);
    assert!(visitor.want(wanted(&old)));
    let mut missed = 0;
    loop {
        match next(&mut visitor) {
            Some(Event::Changed(_)) => break,
            Some(Event::BlobFailed { fault: BlobFault::Absent, .. }) => missed += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(missed, wanted(&old).len(), "each is told of once");
    assert!(visitor.want(wanted(&new)));
    assert_eq!(receive(&mut visitor, &wanted(&new)), new.blobs);
    assert_eq!(server.stats().visitors, 1);
}

#[test]
fn what_cannot_be_read_is_missed_and_the_rest_is_seen() {
    let twin = Twin::of_equal_blobs(74, 3, 600_000);
    let (folder, server) = serve(&twin);
    let file = |blob: &WantedBlob| folder.path().join("twin").join(format!("{}.glb", blob.hash));
    let mut wants = wanted(&twin);
    let [gone, short, ..] = wants[..] else { panic!("there are more") };
    std::fs::remove_file(file(&gone)).unwrap();
    // Its end is missed when some of it has left.
    std::fs::File::options().write(true).open(file(&short)).unwrap().set_len(400_000).unwrap();
    let mut visitor = join(server.link().clone());
    welcome(&mut visitor);
    assert!(visitor.want(wants.clone()));
    let (mut missed, mut came) = (Vec::new(), BTreeMap::new());
    while missed.len() + came.len() < wants.len() {
        match next(&mut visitor) {
            Some(Event::BlobFailed { hash, fault: BlobFault::Absent }) => missed.push(hash),
            Some(Event::Blob { hash, bytes }) => _ = came.insert(hash, bytes),
            other => panic!("{other:?}"),
        }
    }
    missed.sort();
    let mut expected = [gone.hash, short.hash];
    expected.sort();
    assert_eq!(missed, expected);
    wants.retain(|blob| !expected.contains(&blob.hash));
    assert!(wants.iter().all(|blob| came[&blob.hash] == twin.blobs[&blob.hash]));
    assert_eq!(server.stats().visitors, 1);
}
