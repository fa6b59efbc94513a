//! The network may do what it likes: the head stays tracked.

use std::time::Duration;

use crate::monado::Monado;
use crate::program::Home;
use crate::visit::{Visit, baked_twin, is_in_the_twin, signal};

/// How long frames are counted: sixty of the null compositor's.
const COUNTED: Duration = Duration::from_secs(3);

/// How long the whole view may take after the ground has come.
const SETTLED: Duration = Duration::from_secs(5);

fn frames_in(visit: &Visit, time: Duration) -> usize {
    let drawn = || visit.frames().iter().filter(|frame| !frame["head"].is_null()).count();
    let before = drawn();
    std::thread::sleep(time);
    drawn() - before
}

/// A host that answers nothing, and one that is gone, cost no frame, and the head still moves the view.
#[test]
fn under_monado_a_dead_host_costs_no_frame() {
    let Some(monado) = Monado::start() else { return };
    let home = Home::new();
    let mut host = home.host(&baked_twin(&home), &[]);
    let mut visit = Visit::enter_unwatched(&monado, &home, &host.link, &["--size", "64x64"]);
    visit.wait_for(0, "the twin", is_in_the_twin);
    visit.settle();
    // More to draw would cost frames as well: everything is to be there before they are counted.
    std::thread::sleep(SETTLED);
    let mut remote = monado.remote();
    let alive = frames_in(&visit, COUNTED);
    signal(&host.child, "STOP");
    let silent = frames_in(&visit, COUNTED);
    remote.set_head([0.25, 1.7, 0.5], 0.3, 1.0);
    let seen = visit.frames().len() as u64;
    visit.wait_for(seen, "the head that has turned", |frame| {
        let ahead = frame["head"]["forward"][0].as_f64();
        ahead.is_some_and(|x| (x + 0.3_f64.sin()).abs() < 1e-3)
    });
    signal(&host.child, "CONT");
    host.child.kill().unwrap();
    let dead = frames_in(&visit, COUNTED);
    println!("frames in {COUNTED:?}: {alive} with the host, {silent} with a silent one, {dead} without");
    assert!(alive >= 10, "the machine is too slow to tell: {alive}");
    assert!(silent * 10 >= alive * 9 && dead * 10 >= alive * 9, "{alive}, {silent}, {dead}");
    visit.leave();
}

/// The lobby is there before any network is, and follows the head.
#[test]
fn under_monado_the_lobby_is_there_without_a_network() {
    let Some(monado) = Monado::start() else { return };
    let home = Home::new();
    let nowhere = format!("pavilion://127.0.0.1:9#sha256={}", "00".repeat(32));
    let mut visit = Visit::enter_unwatched(&monado, &home, &nowhere, &["--size", "64x64"]);
    let first = visit.wait_for(0, "the lobby", |frame| !frame["head"].is_null());
    assert_eq!(first["place"], "lobby");
    let report = visit.leave();
    println!("first frame after {} s", report["first_frame_seconds"]);
    assert!(report["first_frame_seconds"].as_f64().unwrap() <= 1.0, "{report}");
}
