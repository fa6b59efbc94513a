//! The chores against Debian's real adb, which speaks with a server that plays the headset.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::*;
use crate::fault;
use crate::setup::android_tools::AndroidTools;
use crate::setup::cache::Cache;

mod server;

use server::{Install, Server, Stage};

const QUEST: (&str, &str, &str) =
    ("1WMHH000X00000", "device", "product:hollywood model:Quest_2 device:hollywood");

/// A server with this stage and an adb that speaks with it, or why there is none.
fn staged(stage: Stage) -> Option<(Server, Adb)> {
    let Some(tools) = Cache::of_user().ok().and_then(|cache| AndroidTools::find(&cache)) else {
        println!("skipped: adb has not been fetched (`cargo xtask setup`)");
        return None;
    };
    let server = Server::start(stage);
    let adb = Adb::with_server(tools.adb(), &server.address.to_string());
    Some((server, adb))
}

fn app() -> App {
    App::ours().expect("our manifest")
}

/// A file that looks like an APK to adb, which asks for its name only.
fn apk(bytes: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temp folder");
    let path = folder.path().join("pavilion.apk");
    std::fs::write(&path, (0..bytes).map(|index| (index * 7) as u8).collect::<Vec<_>>()).expect("written");
    (folder, path)
}

/// The sentence of a failure, which must be the machine's: exit code 3.
fn sentence<T>(result: Result<T>) -> String {
    let error = result.err().expect("it fails");
    assert_eq!(fault::code(&error), 3, "{error:#}");
    format!("{error:#}")
}

#[test]
fn an_apk_arrives_whole_and_the_app_starts_anew_with_its_link() {
    let Some((server, adb)) = staged(Stage { devices: vec![QUEST], ..Stage::default() }) else { return };
    let (_folder, path) = apk(300_000);
    let headset = adb.choose(None).expect("one headset");
    assert_eq!(name(&headset.device), "Quest 2 (1WMHH000X00000)");
    send(&headset, &app(), &path).expect("it is installed");
    assert!(server.stage().apk == std::fs::read(&path).expect("the APK"), "other bytes arrived");
    begin(&headset, &app(), Some("pavilion://10.0.0.7:4433#it's")).expect("it starts");
    end(&headset, &app()).expect("it ends");
    let heard = server.stage().heard.join("\n");
    // One shell reads the line on the headset: the link must be one word to it.
    let start = "am start -S -n 'app.pavilion.viewer/android.app.NativeActivity' --es link \
                 'pavilion://10.0.0.7:4433#it'\\''s'";
    assert!(heard.contains(start), "{heard}");
    assert!(heard.contains("am force-stop 'app.pavilion.viewer'"), "{heard}");
    assert!(heard.contains("'install' '-r' -S 300000"), "{heard}");
}

#[test]
fn what_is_wrong_with_the_cable_or_the_trust_is_said() {
    let unauthorized = ("2G0YC000000000", "unauthorized", "usb:1-2");
    let offline = ("192.168.1.20:5555", "offline", "");
    let denied = ("0123", "no permissions (user is not in the plugdev group); see [http://x]", "usb:1-3");
    for (devices, serial, expected) in [
        (vec![], None, "no headset is connected: plug one in"),
        (vec![], Some("1WMHH000X00000"), "no headset is connected: plug one in"),
        (vec![unauthorized], None, "2G0YC000000000 has not accepted this computer: put the headset on"),
        (vec![offline], None, "192.168.1.20:5555 does not answer: wake the headset"),
        (vec![denied], None, "this user may not speak with 0123: install the udev rules"),
        (vec![("77", "recovery", "")], None, "77 is in the mode \"recovery\": restart the headset"),
        (
            vec![QUEST, ("9", "device", "")],
            None,
            "2 devices are connected (1WMHH000X00000, Quest 2; 9): name one",
        ),
        (
            vec![QUEST],
            Some("other"),
            "other is not connected: 1 device is connected (1WMHH000X00000, Quest 2)",
        ),
        (vec![QUEST, unauthorized], Some("2G0YC000000000"), "2G0YC000000000 has not accepted this computer"),
    ] {
        let Some((_server, adb)) = staged(Stage { devices, ..Stage::default() }) else { return };
        let said = sentence(adb.choose(serial));
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn what_android_refuses_is_said_and_leads_on() {
    let (_folder, path) = apk(1000);
    for (words, expected) in [
        (
            "INSTALL_FAILED_UPDATE_INCOMPATIBLE: signatures do not match",
            "signed with another key: remove it with `adb uninstall app.pavilion.viewer`",
        ),
        ("INSTALL_FAILED_INSUFFICIENT_STORAGE", "the headset's storage is full"),
        ("INSTALL_FAILED_NO_MATCHING_ABIS: res=-113", "runs no 64-bit ARM programs"),
        ("INSTALL_FAILED_VERSION_DOWNGRADE", "the headset has a newer Pavilion"),
        ("INSTALL_FAILED_OLDER_SDK", "update the headset"),
        ("INSTALL_FAILED_SOMETHING_NEW: x", "refused the APK (INSTALL_FAILED_SOMETHING_NEW)"),
    ] {
        let stage = Stage { devices: vec![QUEST], install: Install::Refused(words), ..Stage::default() };
        let Some((_server, adb)) = staged(stage) else { return };
        let headset = adb.choose(None).expect("one headset");
        let said = sentence(send(&headset, &app(), &path));
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_cable_that_is_pulled_while_an_apk_is_sent_is_said() {
    let stage = Stage { devices: vec![QUEST], install: Install::Unplugged(200_000), ..Stage::default() };
    let Some((_server, adb)) = staged(stage) else { return };
    let (_folder, path) = apk(9_000_000);
    let headset = adb.choose(None).expect("one headset");
    let said = sentence(send(&headset, &app(), &path));
    assert!(said.starts_with("1WMHH000X00000 went away in the middle: check the cable"), "{said}");
}

#[test]
fn a_headset_that_goes_between_choosing_and_starting_is_said() {
    let Some((server, adb)) = staged(Stage { devices: vec![QUEST], ..Stage::default() }) else { return };
    let headset = adb.choose(None).expect("one headset");
    server.stage().devices.clear();
    let said = sentence(begin(&headset, &app(), None));
    assert!(said.starts_with("1WMHH000X00000 went away"), "{said}");
}

#[test]
fn an_app_that_is_not_there_is_said_to_be_installed_first() {
    let Some((_server, adb)) = staged(Stage { devices: vec![QUEST], ..Stage::default() }) else { return };
    let headset = adb.choose(None).expect("one headset");
    let said = sentence(begin(&headset, &app(), None));
    assert!(said.ends_with("is not installed on 1WMHH000X00000: run `cargo xtask install`"), "{said}");
}

/// A packed twin, as far as adb and the chore look at it.
fn packed() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temp folder");
    let path = folder.path().join("hall 7.pavilion");
    let body: Vec<u8> = (0..400_000).map(|index| (index * 11) as u8).collect();
    std::fs::write(&path, [&b"manifest.pavilion\0"[..], &body].concat()).expect("written");
    (folder, path)
}

#[test]
fn a_packed_twin_arrives_whole_under_its_name_where_the_app_looks() {
    let stage = Stage { devices: vec![QUEST], is_installed: true, ..Stage::default() };
    let Some((server, adb)) = staged(stage) else { return };
    let (_folder, path) = packed();
    push::put(&adb.choose(None).expect("one headset"), &app(), &path).expect("it is taken");
    let stage = server.stage();
    let name = "/sdcard/Android/data/app.pavilion.viewer/files/hall 7.pavilion";
    assert_eq!(stage.files.keys().collect::<Vec<_>>(), [name], "nothing else is left");
    assert!(stage.files[name] == std::fs::read(&path).expect("the file"), "other bytes arrived");
    let heard = stage.heard.join("\n");
    let renamed = format!("mv -f '{name}.partial' '{name}'");
    let [made, moved] = ["mkdir -p '/sdcard", renamed.as_str()].map(|line| heard.find(line).expect(&heard));
    assert!(made < heard.find("sync:").expect("a push") && heard.find("sync:").expect("a push") < moved);
}

#[test]
fn what_keeps_a_packed_twin_off_the_headset_is_said() {
    let (_folder, path) = packed();
    let full = "couldn't create file: No space left on device";
    let denied = "couldn't create file: Permission denied";
    for (is_installed, refuses_files, expected) in [
        (false, None, "app.pavilion.viewer is not installed on 1WMHH000X00000: run `cargo xtask install`"),
        (true, Some(full), "remove apps or recordings there and push again"),
        (true, Some(denied), "start Pavilion there once with `cargo xtask run`, and push again"),
    ] {
        let stage = Stage { devices: vec![QUEST], is_installed, refuses_files, ..Stage::default() };
        let Some((server, adb)) = staged(stage) else { return };
        let said = sentence(push::put(&adb.choose(None).expect("one headset"), &app(), &path));
        assert!(said.ends_with(expected), "{said}");
        assert!(server.stage().files.is_empty());
        let is_cleaned = server.stage().heard.iter().any(|line| line.contains("rm -f '/sdcard"));
        assert_eq!(is_cleaned, refuses_files.is_some());
    }
}

#[test]
fn only_packed_twins_are_pushed() {
    let (folder, path) = packed();
    assert!(push::check(&path).is_ok());
    let other = folder.path().join("other.pavilion");
    for bytes in [&b""[..], b"PVLN\x05\0", b"manifest.pavilion"] {
        std::fs::write(&other, bytes).expect("written");
        let said = push::check(&other).expect_err("it is refused").to_string();
        assert!(said.ends_with("make one with `pavilion pack TWIN venue.pavilion`"), "{said}");
    }
}

#[test]
fn a_log_is_followed_until_it_is_over_and_a_pulled_cable_is_said() {
    let log = "11-22 07:00:00.000 I/pavilion( 1234): hello from the headset\n";
    let stage = Stage { devices: vec![QUEST], log, ..Stage::default() };
    let Some((server, adb)) = staged(stage) else { return };
    let headset = adb.choose(None).expect("one headset");
    let once = LogArguments { once: true, ..LogArguments::default() };
    log::follow(&once, &headset, &AtomicBool::new(false)).expect("what there is");
    let heard = server.stage().heard.join("\n");
    assert!(heard.contains("'pavilion:V'") && heard.contains("'*:S'"), "{heard}");

    // Ctrl-C half a second in.
    let is_over = Arc::new(AtomicBool::new(false));
    let press = Arc::clone(&is_over);
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(500));
            press.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        log::follow(&LogArguments::default(), &headset, &is_over).expect("it ends cleanly");
    });
    assert!((500..5000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());

    server.stage().log_unplugs = true;
    let said = sentence(log::follow(&LogArguments::default(), &headset, &AtomicBool::new(false)));
    assert!(said.starts_with("1WMHH000X00000 went away in the middle"), "{said}");
}

#[test]
fn a_server_that_is_no_adb_is_said() {
    let Some((server, mut adb)) = staged(Stage::default()) else { return };
    drop(server);
    // Nobody listens on a port that was free a moment ago, and this adb cannot start a server elsewhere.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    adb = Adb::with_server(adb.program().to_owned(), &format!("{free}"));
    let said = sentence(adb.devices());
    assert!(said.starts_with("adb's server does not run ("), "{said}");
}

#[test]
fn only_join_links_are_taken() {
    assert!(checked_link("pavilion://10.0.0.7:4433#abc").is_ok());
    for link in ["http://a", "pavilion://a b", "pavilion://a\n", "--help"] {
        assert!(checked_link(link).is_err(), "{link:?}");
    }
}
