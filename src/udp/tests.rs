//! The plain socket against quinn's own, and the choice between them.
#![allow(clippy::unwrap_used)]

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use quinn::AsyncUdpSocket;
use quinn::udp::{RecvMeta, Transmit};

use super::{Choice, bind, open_where};

fn loopback() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

fn in_runtime<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

fn is_plain(socket: &dyn AsyncUdpSocket) -> bool {
    format!("{socket:?}").starts_with("PlainSocket")
}

#[test]
fn a_system_that_refuses_an_option_gets_the_plain_socket() {
    in_runtime(async {
        // What Wine 8 answers.
        let refuses = |_: &UdpSocket| Err(io::Error::from_raw_os_error(10045));
        assert!(is_plain(&*open_where(loopback(), refuses).unwrap()));
        assert!(!is_plain(&*open_where(loopback(), |_| Ok(())).unwrap()));
        assert!(is_plain(&*Choice::Plain.open(loopback()).unwrap()));
    });
}

/// What quinn's socket asks for makes sense of a UDP socket only: the kernel's own refusal is met here.
#[cfg(target_os = "linux")]
#[test]
fn the_answer_of_the_system_decides() {
    use std::os::fd::OwnedFd;
    in_runtime(async {
        assert!(!is_plain(&*Choice::Best.open(loopback()).unwrap()));
        let other: OwnedFd = std::os::unix::net::UnixDatagram::unbound().unwrap().into();
        assert!(is_plain(&*Choice::Best.open(other.into()).unwrap()));
    });
}

#[test]
fn datagrams_keep_their_bounds_and_their_sender() {
    in_runtime(async {
        let (socket, peer) = (loopback(), loopback());
        let address = socket.local_addr().unwrap();
        let socket = Choice::Plain.open(socket).unwrap();
        for length in [1, 1200, 37] {
            peer.send_to(&vec![length as u8; length], address).unwrap();
        }
        let mut lengths = Vec::new();
        while lengths.len() < 3 {
            let mut bytes = [[0_u8; 1500]; 2];
            let mut metas = [RecvMeta::default(); 2];
            let count = std::future::poll_fn(|context| {
                let mut buffers = bytes.each_mut().map(|buffer| io::IoSliceMut::new(buffer));
                socket.poll_recv(context, &mut buffers, &mut metas)
            });
            let count = count.await.unwrap();
            for (meta, bytes) in metas.iter().zip(&bytes).take(count) {
                assert_eq!((meta.addr, meta.stride), (peer.local_addr().unwrap(), meta.len));
                assert!(bytes[..meta.len].iter().all(|&byte| byte == meta.len as u8));
                lengths.push(meta.len);
            }
        }
        assert_eq!(lengths, [1, 1200, 37]);
    });
}

#[test]
fn what_cannot_be_sent_is_lost_and_ends_nothing() {
    in_runtime(async {
        let peer = loopback();
        peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let socket = Choice::Plain.open(loopback()).unwrap();
        for contents in [&[7; 70_000], &b"next"[..]] {
            let mut poller = socket.clone().create_io_poller();
            std::future::poll_fn(|context| poller.as_mut().poll_writable(context)).await.unwrap();
            let destination = peer.local_addr().unwrap();
            let transmit = Transmit { destination, ecn: None, contents, segment_size: None, src_ip: None };
            socket.try_send(&transmit).unwrap();
        }
        let mut bytes = [0; 8];
        assert_eq!(peer.recv(&mut bytes).unwrap(), 4);
    });
}

/// On Windows an IPv6 socket takes no IPv4 unless it is asked to.
#[test]
fn every_address_means_ipv4_too() {
    let socket = match bind((Ipv6Addr::UNSPECIFIED, 0).into()) {
        Ok(socket) => socket,
        Err(error) => return println!("skipped: this machine has no IPv6 ({error})"),
    };
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let port = socket.local_addr().unwrap().port();
    loopback().send_to(b"hello", (Ipv4Addr::LOCALHOST, port)).unwrap();
    let (length, from): (usize, SocketAddr) = socket.recv_from(&mut [0; 8]).unwrap();
    assert_eq!((length, from.ip().to_canonical()), (5, IpAddr::from(Ipv4Addr::LOCALHOST)));
}

/// A kernel that takes the options and refuses every datagram that has them: quinn issue 2718.
#[test]
fn a_system_that_refuses_marked_datagrams_gets_them_without() {
    use super::wary::WarySocket;
    use quinn::udp::EcnCodepoint;
    in_runtime(async {
        let (socket, peer) = (loopback(), loopback());
        peer.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let refuses: super::wary::Send = |state, socket, transmit| {
            if transmit.ecn.is_some() || transmit.segment_size.is_some() {
                // EIO.
                return Err(io::Error::from_raw_os_error(5));
            }
            super::wary::send(state, socket, transmit)
        };
        let socket = WarySocket::new(socket, refuses).unwrap();
        let before = socket.max_transmit_segments();
        let contents: Vec<u8> = (0..2500).map(|n| n as u8).collect();
        let transmit = Transmit {
            destination: peer.local_addr().unwrap(),
            ecn: Some(EcnCodepoint::Ect0),
            contents: &contents,
            segment_size: Some(1000),
            src_ip: None,
        };
        socket.as_ref().writable().await.unwrap();
        for _ in 0..2 {
            socket.try_send(&transmit).unwrap();
            let mut bytes = [0; 2000];
            for expected in contents.chunks(1000) {
                let count = peer.recv(&mut bytes).unwrap();
                assert_eq!(&bytes[..count], expected);
            }
        }
        assert_eq!(socket.max_transmit_segments(), 1, "it was {before}");
    });
}

/// A cable that is out for a second says nothing about what the system can do.
#[test]
fn a_way_that_is_gone_for_a_moment_costs_the_datagram_and_nothing_else() {
    use super::wary::WarySocket;
    use std::sync::atomic::{AtomicUsize, Ordering};
    static TRIES: AtomicUsize = AtomicUsize::new(0);
    in_runtime(async {
        let (socket, peer) = (loopback(), loopback());
        peer.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let fails_at_first: super::wary::Send = |state, socket, transmit| {
            match TRIES.fetch_add(1, Ordering::Relaxed) {
                0 => Err(io::ErrorKind::NetworkUnreachable.into()),
                // EMSGSIZE: a packet that was to find out how long packets may be.
                1 => Err(io::Error::from_raw_os_error(90)),
                _ => super::wary::send(state, socket, transmit),
            }
        };
        let socket = WarySocket::new(socket, fails_at_first).unwrap();
        let before = socket.max_transmit_segments();
        let destination = peer.local_addr().unwrap();
        let ecn = Some(quinn::udp::EcnCodepoint::Ect0);
        let transmit = Transmit { destination, ecn, contents: b"here", segment_size: None, src_ip: None };
        socket.as_ref().writable().await.unwrap();
        for _ in 0..3 {
            socket.try_send(&transmit).unwrap();
        }
        assert_eq!(peer.recv(&mut [0; 8]).unwrap(), 4);
        assert_eq!((socket.max_transmit_segments(), TRIES.load(Ordering::Relaxed)), (before, 3));
    });
}

/// Two hundred visitors' first packets, of whom none was looked at yet.
#[test]
fn a_crowd_that_comes_at_once_is_kept_until_it_is_read() {
    let socket = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let peer = loopback();
    let options = socket2::SockRef::from(&peer);
    let _ = options.set_recv_buffer_size(1 << 20);
    let kept = options.recv_buffer_size().unwrap();
    if kept < 1 << 20 {
        return println!("skipped: this system lets a socket keep {kept} bytes (net.core.rmem_max)");
    }
    for _ in 0..200 {
        peer.send_to(&[7; 1200], socket.local_addr().unwrap()).unwrap();
    }
    socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let came = (0..200).take_while(|_| socket.recv(&mut [0; 1500]).is_ok()).count();
    assert_eq!(came, 200);
}
