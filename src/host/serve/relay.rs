//! Tells everybody where the others are, twenty times a second.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::visit::{Venue, locked};
use crate::protocol::{presence, transport};

/// Runs as long as the host does.
pub async fn relay(venue: Arc<Venue>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(presence::INTERVAL_MILLIS));
    // Poses that are late are worth nothing: no tick is made up for.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        tick(&venue);
    }
}

fn tick(venue: &Venue) {
    let now = venue.now();
    let mut room = locked(&venue.room);
    let connections = locked(&venue.connections);
    let everybody: Vec<_> = room.connections().collect();
    for (visitor, key) in everybody {
        let Some(connection) = connections.get(&key) else { continue };
        // What is still waiting is older than what could be added: the path is too slow for both.
        if connection.datagram_send_buffer_space() < transport::HOST_DATAGRAM_BYTES / 2 {
            continue;
        }
        let bytes_max = connection.max_datagram_size().unwrap_or_default();
        for datagram in room.relay(visitor, bytes_max, now) {
            // A datagram that cannot be sent now is followed by a newer one.
            let _ = connection.send_datagram(datagram.into());
        }
    }
    room.end_tick();
}
