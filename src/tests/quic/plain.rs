//! The same visits over sockets that ask nothing of the system.

use std::sync::Arc;

use super::*;
use crate::udp::{self, Choice};

fn fetches_everything(seed: u64, host: Choice, viewer: Choice) {
    let twin = Twin::new(seed, 60, 40_000);
    let folder = TempDir::new().unwrap();
    twin.write(&folder.path().join("twin"));
    let server = Server::start(ServerOptions { sockets: host, ..options(folder.path(), 0) }).unwrap();
    let mut connection =
        Connection::open_over(server.link().clone(), me("Ada"), Opening::Nothing, viewer).unwrap();
    let welcome = welcome(&mut connection);
    assert!(connection.want(vec![welcome.manifest_blob()]));
    assert_eq!(
        receive(&mut connection, &[welcome.manifest_blob()]).remove(&welcome.manifest).unwrap(),
        twin.manifest
    );
    assert!(connection.want(wanted(&twin)));
    assert_eq!(receive(&mut connection, &wanted(&twin)), twin.blobs);
}

#[test]
fn a_viewer_fetches_everything_whichever_end_has_the_plain_socket() {
    fetches_everything(20, Choice::Plain, Choice::Plain);
    fetches_everything(21, Choice::Plain, Choice::Best);
    fetches_everything(22, Choice::Best, Choice::Plain);
}

#[test]
fn several_viewers_share_a_plain_socket_of_a_host() {
    let twin = Twin::of_equal_blobs(23, 20, 200_000);
    let folder = TempDir::new().unwrap();
    twin.write(&folder.path().join("twin"));
    let options = ServerOptions { sockets: Choice::Plain, ..options(folder.path(), 0) };
    let server = Server::start(options).unwrap();
    let link = server.link();
    std::thread::scope(|scope| {
        let visit = || {
            let mut connection =
                Connection::open_over(link.clone(), me("Ada"), Opening::Nothing, Choice::Plain).unwrap();
            welcome(&mut connection);
            assert!(connection.want(wanted(&twin)));
            assert_eq!(receive(&mut connection, &wanted(&twin)), twin.blobs);
        };
        let visits = [(); 3].map(|()| std::thread::Builder::new().spawn_scoped(scope, visit).unwrap());
        visits.into_iter().for_each(|visit| visit.join().unwrap());
    });
}

#[test]
fn datagrams_go_both_ways_over_plain_sockets() {
    let folder = TempDir::new().unwrap();
    let identity = Identity::open(folder.path()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let open = |server| {
            let socket = udp::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
            udp::endpoint(quinn::EndpointConfig::default(), server, socket, Choice::Plain).unwrap()
        };
        let tls = identity.server_tls(&[ALPN.to_vec()]).unwrap();
        let host = open(Some(quinn::ServerConfig::with_crypto(Arc::new(tls))));
        let viewer = open(None);
        let tls = pin::Pin::new(identity.fingerprint()).client_tls().unwrap();
        let config = quinn::ClientConfig::new(Arc::new(tls));
        let connecting = viewer.connect_with(config, host.local_addr().unwrap(), "pavilion").unwrap();
        let echo = tokio::spawn(async move {
            let connection = host.accept().await.unwrap().await.unwrap();
            while let Ok(datagram) = connection.read_datagram().await {
                connection.send_datagram(datagram).unwrap();
            }
        });
        let connection = connecting.await.unwrap();
        for number in 0..50_u8 {
            connection.send_datagram(vec![number; 1000].into()).unwrap();
            let wait = tokio::time::timeout(Duration::from_secs(5), connection.read_datagram());
            assert_eq!(wait.await.expect("it is not lost on loopback").unwrap(), vec![number; 1000]);
        }
        connection.close(0_u32.into(), b"");
        echo.await.unwrap();
    });
}
