//! The numbers that both ends give to QUIC. They are data here, because the two ends must agree and
//! must not import each other.

/// Silence after which the other side is taken for gone.
pub const IDLE_MILLIS: u64 = 15_000;

/// How often a silent connection is kept alive: three chances within [`IDLE_MILLIS`].
pub const KEEP_ALIVE_MILLIS: u64 = 4_000;

/// The round trip that is assumed before one was measured. QUIC's own 333 ms would let the first lost
/// packet on a hall's network cost a second.
pub const INITIAL_RTT_MILLIS: u64 = 50;

/// What the host hands to QUIC at first, before anything is known of the path.
pub const SEND_WINDOW_BYTES: u64 = 128 << 10;

/// What the host hands to QUIC: what may be in flight, and a little that waits for its turn. That little can no longer be
/// reordered when the wants change (QUIC does not take back what stands in its queue, not even for a stream whose
/// priority sinks): 48 KiB are 8 ms at 50 Mbit/s; where more than that leaves at once, a quarter of it.
pub fn send_window_bytes(in_flight_max_bytes: u64) -> u64 {
    in_flight_max_bytes.saturating_add((in_flight_max_bytes / 4).max(48 << 10))
}

/// What waits at a viewer to leave as datagrams, QUIC's own notes on it included: one pose, in whose place the next one
/// is put.
pub const VIEWER_DATAGRAM_BYTES: usize = 128;

/// What waits at the host to leave to one viewer as datagrams: what others did in one tick.
pub const HOST_DATAGRAM_BYTES: usize = 3 << 10;

/// What has come as datagrams and was not looked at yet.
pub const DATAGRAM_RECEIVE_BYTES: usize = 16 << 10;

/// Streams that the host may have open towards a viewer.
pub const BLOB_STREAMS_MAX: u32 = 64;

/// Streams that a viewer may have open towards the host: control, and room for claims and the guide.
pub const VIEWER_STREAMS_MAX: u32 = 4;

/// What a viewer takes of one blob before it was read: the send window and as much again.
pub const VIEWER_STREAM_WINDOW_BYTES: u32 = 1 << 20;

/// What a viewer takes of all blobs together before they were read.
pub const VIEWER_WINDOW_BYTES: u32 = 4 << 20;

/// What a host takes of one stream before it was read: viewers say little.
pub const HOST_STREAM_WINDOW_BYTES: u32 = 64 << 10;

/// What a host takes of all streams of a viewer.
pub const HOST_WINDOW_BYTES: u32 = 128 << 10;

/// The most that a blob's stream is given at once, so that a change of order finds little in its way.
pub const WRITE_BYTES: usize = 64 << 10;

/// How long either side waits for the other's first words.
pub const HELLO_MILLIS: u64 = 5_000;

/// The name in the TLS handshake. It says nothing: the certificate is known by its fingerprint.
pub const SERVER_NAME: &str = "pavilion";
