//! A network that goes away under a connection.

use super::*;

/// Packets between a viewer and its host, for whom one address of the viewer may be a dead end.
struct Middle {
    address: std::net::SocketAddr,
    dead_end: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

fn named(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().name("middle".to_owned()).spawn(run).unwrap();
}

impl Middle {
    fn before(host: std::net::SocketAddr) -> Self {
        let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let dead_end = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let is_dead = dead_end.clone();
        named(move || {
            let mut ways = BTreeMap::<std::net::SocketAddr, std::net::UdpSocket>::new();
            let mut first = None;
            let mut bytes = [0; 2000];
            while let Ok((count, from)) = socket.recv_from(&mut bytes) {
                let first = *first.get_or_insert(from);
                if from == first && is_dead.load(std::sync::atomic::Ordering::Relaxed) {
                    continue;
                }
                let way = ways.entry(from).or_insert_with(|| {
                    let way = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                    let (back, viewer, is_dead) =
                        (way.try_clone().unwrap(), socket.try_clone().unwrap(), is_dead.clone());
                    named(move || {
                        let mut bytes = [0; 2000];
                        while let Ok((count, _)) = back.recv_from(&mut bytes) {
                            if !(from == first && is_dead.load(std::sync::atomic::Ordering::Relaxed)) {
                                let _ = viewer.send_to(&bytes[..count], from);
                            }
                        }
                    });
                    way
                });
                let _ = way.send_to(&bytes[..count], host);
            }
        });
        Self { address, dead_end }
    }
}

/// A visitor who is let in, and whose address is a dead end from then on.
fn cut_off(twin: &Twin) -> (TempDir, RunningServer, Connection) {
    let (folder, server) = serve(twin);
    let middle = Middle::before(server.local_addr());
    let link = JoinLink { port: middle.address.port(), ..server.loopback_link() };
    let mut visitor = join(link);
    welcome(&mut visitor);
    middle.dead_end.store(true, std::sync::atomic::Ordering::Relaxed);
    (folder, server, visitor)
}

#[test]
fn a_viewer_whose_network_changes_goes_on_without_coming_in_again() {
    let twin = Twin::of_equal_blobs(48, 4, 20_000);
    let (_folder, server, mut visitor) = cut_off(&twin);
    assert!(visitor.want(wanted(&twin)));
    let began = Instant::now();
    // Nobody says that the connection was lost: it was not.
    assert_eq!(receive(&mut visitor, &wanted(&twin)), twin.blobs);
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    assert_eq!(server.stats().visitors, 1);
}

/// A head that turns asks for something else thirty times a second, also while nobody hears it.
#[test]
fn a_viewer_that_goes_on_asking_finds_another_way_too_and_is_not_taken_for_a_flood() {
    let twin = Twin::of_equal_blobs(49, 180, 500);
    let (_folder, server, mut visitor) = cut_off(&twin);
    let began = Instant::now();
    let all = wanted(&twin);
    let ask = |visitor: &Connection, list: &[WantedBlob]| {
        let _ = visitor.want(list.to_vec());
        std::thread::sleep(Duration::from_millis(10));
    };
    // More lists than a host takes in a second, and then more of them than may be under way.
    for blob in all.iter().take(200) {
        ask(&visitor, &[*blob]);
    }
    for first in 0..90 {
        ask(&visitor, &all[first..]);
    }
    let (mut is_told, mut came) = (false, BTreeMap::new());
    while came.len() < all.len() {
        is_told = is_told || visitor.want(all.clone());
        match visitor.poll() {
            Some(Event::Blob { hash, bytes }) => _ = came.insert(hash, bytes),
            Some(other) => panic!("{other:?} in place of a blob"),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
        assert!(began.elapsed() < Duration::from_secs(12), "{} of {} came", came.len(), all.len());
    }
    assert_eq!(came, twin.blobs);
    assert_eq!(server.stats().visitors, 1);
}
