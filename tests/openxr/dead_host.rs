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

/// The same, of up to six times the first with so many: other tests run beside this one and take frames too.
fn frames_up_to(visit: &Visit, enough: usize) -> usize {
    let mut most = 0;
    for _ in 0..6 {
        most = most.max(frames_in(visit, COUNTED));
        if most >= enough {
            break;
        }
    }
    most
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
    let enough = (alive * 9).div_ceil(10);
    signal(&host.child, "STOP");
    let silent = frames_up_to(&visit, enough);
    remote.set_head([0.25, 1.7, 0.5], 0.3, 1.0);
    let seen = visit.frames().len() as u64;
    visit.wait_for(seen, "the head that has turned", |frame| {
        let ahead = frame["head"]["forward"][0].as_f64();
        ahead.is_some_and(|x| (x + 0.3_f64.sin()).abs() < 1e-3)
    });
    signal(&host.child, "CONT");
    host.child.kill().unwrap();
    let dead = frames_up_to(&visit, enough);
    println!("frames in {COUNTED:?}: {alive} with the host, {silent} with a silent one, {dead} without");
    assert!(alive >= 10, "the machine is too slow to tell: {alive}");
    assert!(silent >= enough && dead >= enough, "{alive}, {silent}, {dead}");
    visit.leave();
}

/// The lobby is there before any network is, and follows the head.
#[test]
fn under_monado_the_lobby_is_there_without_a_network() {
    let Some(monado) = Monado::start() else { return };
    let nowhere = format!("pavilion://127.0.0.1:9#sha256={}", "00".repeat(32));
    // Other tests run beside this one: the quickest of a few starts is the program's own.
    let mut quickest = f64::MAX;
    for _ in 0..8 {
        let home = Home::new();
        let mut visit = Visit::enter_unwatched(&monado, &home, &nowhere, &["--size", "64x64"]);
        let first = visit.wait_for(0, "the lobby", |frame| !frame["head"].is_null());
        assert_eq!(first["place"], "lobby");
        let seconds = visit.leave()["first_frame_seconds"].as_f64().unwrap();
        println!("first frame after {seconds} s");
        quickest = quickest.min(seconds);
        if quickest <= 1.0 {
            return;
        }
    }
    panic!("the first frame comes after {quickest} s at best");
}
