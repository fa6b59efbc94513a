//! What a host puts into a link: poses do not wait behind tiles, visitors share it, and what the air loses costs its share.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use bytes::Bytes;
use pavilion::stream::Limits;
use pavilion_rehearsal::gaze::Wants;
use pavilion_rehearsal::head::Path;
use pavilion_rehearsal::host::Host;
use pavilion_rehearsal::link::Behaviour;
use pavilion_rehearsal::twin::{Plan, Twin};
use pavilion_rehearsal::viewer::Viewer;
use pavilion_rehearsal::world::{Setup, World};

/// One way; 30 ms there and back.
const WAY: Duration = Duration::from_millis(15);

fn viewer() -> Viewer {
    let limits = Limits { has_cache: false, ..Limits::default() };
    Viewer::new(limits, Wants::All)
}

fn up() -> Behaviour {
    Behaviour::calm(20.0, WAY)
}

/// The delay that 99 of 100 poses do not exceed while the link is full, and the bits a second beside them.
fn beside_bulk(setup: Setup, megabits_per_second: f64) -> (Duration, f64) {
    let twin = Twin::new(Plan::LARGE, 1);
    let mut world = World::new(Host::new(&twin), setup, 3);
    world.enter(viewer(), Path::visitor(1), Behaviour::calm(megabits_per_second, WAY), up());
    let (end, mut next) = (Duration::from_secs(20), Duration::ZERO);
    world.run_until(end, |world| {
        let now = world.now();
        if now >= next {
            // Twenty times a second, as large as a packet of poses is in a full hall.
            next = now + Duration::from_millis(50);
            let mut pose = vec![0; 1000];
            pose[..8].copy_from_slice(&(now.as_nanos() as u64).to_le_bytes());
            world.host.as_mut().unwrap().tell_all(&Bytes::from(pose));
        }
        false
    });
    let arrivals = &world.places[0].peer.program.arrivals;
    assert!(arrivals.poses.len() > 350, "{} poses", arrivals.poses.len());
    // From the first second on: the start of a visit belongs to it.
    let delay = arrivals.pose_delay(Duration::ZERO, WAY, 0.99);
    (delay, arrivals.received_bytes() as f64 * 8.0 / end.as_secs_f64())
}

#[test]
fn poses_do_not_wait_behind_tiles() {
    for (rate, most_millis) in [(5.0, 50), (20.0, 30), (50.0, 30)] {
        let (ours, bits) = beside_bulk(Setup::ours(), rate);
        let (cubic, cubic_bits) = beside_bulk(Setup::with_cubic(), rate);
        println!(
            "{rate} Mbit/s: {ours:?} beside {bits:.0} bit/s, with CUBIC {cubic:?} beside {cubic_bits:.0}"
        );
        assert!(ours <= Duration::from_millis(most_millis), "{rate} Mbit/s: {ours:?}");
        assert!(bits > 0.85 * rate * 1e6, "{rate} Mbit/s: {bits}");
        assert!(cubic > Duration::from_millis(60), "the link has a queue to fill: {cubic:?}");
    }
}

#[test]
fn what_the_air_loses_costs_its_share_and_not_the_rest() {
    let twin = Twin::new(Plan::LARGE, 1);
    for (loss, least) in [(0.01, 0.8), (0.05, 0.5)] {
        let run = |setup: Setup| {
            let mut world = World::new(Host::new(&twin), setup, 5);
            let air = Behaviour { loss, ..Behaviour::calm(50.0, WAY) };
            world.enter(viewer(), Path::visitor(1), air, Behaviour { loss, ..up() });
            world.run_until(Duration::from_secs(10), |_| false);
            world.places[0].peer.program.arrivals.received_bytes() as f64 * 8.0 / 10.0 / 50e6
        };
        let (ours, cubic) = (run(Setup::ours()), run(Setup::with_cubic()));
        println!("{loss} lost: {ours:.2} of the link, with CUBIC {cubic:.2}");
        assert!(ours > least && ours > 2.0 * cubic, "{loss} lost: {ours} of the link, CUBIC {cubic}");
    }
}

#[test]
fn a_short_queue_is_not_flooded() {
    let twin = Twin::new(Plan::LARGE, 1);
    let mut world = World::new(Host::new(&twin), Setup::ours(), 5);
    let short = Behaviour { queue: Duration::from_millis(10), ..Behaviour::calm(50.0, WAY) };
    world.enter(viewer(), Path::visitor(1), short, up());
    world.run_until(Duration::from_secs(10), |_| false);
    let place = &world.places[0];
    let sent = place.down.sent_bytes() as f64 / 1400.0;
    let (dropped, bits) = (place.down.dropped() as f64 / sent, place.down.sent_bytes() as f64 * 8.0 / 10.0);
    println!("{:.3} of the packets find no room, {bits:.0} bit/s", dropped);
    assert!(dropped < 0.03 && bits > 0.8 * 50e6, "{dropped} {bits}");
}

#[test]
fn visitors_share_a_link() {
    let twin = Twin::new(Plan::LARGE, 1);
    let mut world = World::new(Host::new(&twin), Setup::ours(), 7);
    world.shared.change(Behaviour::calm(200.0, Duration::from_millis(2)));
    // Some come later, when the link is full.
    for number in 0..20 {
        world.enter(viewer(), Path::visitor(number), Behaviour::calm(0.0, WAY), up());
        if number % 4 == 3 {
            let until = world.now() + Duration::from_millis(300);
            world.run_until(until, |_| false);
        }
    }
    let bytes = |world: &World<Host, Viewer>| -> Vec<f64> {
        world.places.iter().map(|place| place.peer.program.arrivals.received_bytes() as f64).collect()
    };
    // All have held their breath twice by then, and know what the way takes without a queue.
    world.run_until(Duration::from_millis(6_500), |_| false);
    let before = bytes(&world);
    let mut longest = Duration::ZERO;
    let until = world.now() + Duration::from_secs(6);
    world.run_until(until, |world| {
        longest = longest.max(world.shared.waiting(world.now()));
        false
    });
    let shares: Vec<_> = bytes(&world).iter().zip(&before).map(|(after, before)| after - before).collect();
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    // Jain, Chiu and Hawe, "A quantitative measure of fairness", 1984: 1 where all have the same.
    let fairness = sum * sum / (squares * shares.len() as f64);
    println!("fairness {fairness:.3}, {:.0} Mbit/s, queue {longest:?}", sum * 8.0 / 6.0 / 1e6);
    assert!(fairness > 0.85, "{fairness}: {shares:?}");
    assert!(sum * 8.0 / 6.0 > 0.85 * 200e6 && longest < Duration::from_millis(60), "{sum} {longest:?}");
}
