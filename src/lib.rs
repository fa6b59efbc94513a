//! Pavilion: stand in the digital twin of a venue while its event is on.
//!
//! The folders are one sentence, *bytes → stream → scene → cull → draw → present*. Start reading at
//! `app::viewer`, whose frame reads as prose. A module may import those of lower layers that
//! `tests::layers` lists for it; only [`app`] knows everybody, and nobody imports it.
//!
//! - L2 [`protocol`]: what crosses the wire, the manifest, the join link
//! - L2 [`udp`]: a socket for QUIC, on systems that know its options and on those that do not
//! - L3 [`net`]: the viewer's QUIC: connect, pin, reconnect
//! - L3 [`store`]: content-addressed files, crash-safe: the viewer's cache and the host's shelf
//! - L3 [`host`]: the venue's side: bake a twin, serve it
//! - L3 [`audio`]: sounds of the place and a head → what two ears hear
//! - L3 [`people`]: the others: what is heard of them → where they are seen
//! - L3 [`stream`]: what is wanted → requests; bytes → decoded tiles and textures
//! - L1 [`scene`]: what exists; glTF and tiles become plain data here
//! - L0 [`math`]: bounds, poses, frusta, the eccentricity curve
//! - L2 [`physics`]: what stops and carries people, and things that fall
//! - L2 [`rig`]: where the person is and what they ask for
//! - L2 [`cull`]: scene × eyes → what to draw, what to fetch
//! - L3 [`draw`]: a draw list → both eyes, in one multiview pass or one after the other
//! - L4 [`ui`]: panels in the world: what is on them, and what a press on them means
//! - L4 [`present`]: who owns the display: a window, a headset, nobody
//! - L5 [`app`]: puts the parts together: the frame loop and the commands
//!
//! Features: `viewer` draws and fetches, `host` bakes and serves, `xr` adds headsets. Without any of
//! them the crate is its pure core: no clock, socket, file, thread or GPU.

pub mod protocol;

#[cfg(feature = "quic")]
pub mod udp;

#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "viewer")]
pub mod net;
#[cfg(feature = "cli")]
pub mod store;

pub mod audio;
pub mod people;
pub mod scene;
pub mod stream;

pub mod math;

pub mod cull;
pub mod physics;
pub mod rig;

#[cfg(feature = "viewer")]
pub mod draw;
#[cfg(feature = "viewer")]
pub mod present;
#[cfg(feature = "viewer")]
pub mod ui;

#[cfg(feature = "cli")]
pub mod app;

/// Where Android begins, on a thread of its own.
#[cfg(all(target_os = "android", feature = "xr"))]
#[allow(unsafe_code)]
// SAFETY: the activity's glue calls the function of this name, and no other library of the app has one.
#[unsafe(no_mangle)]
fn android_main(activity: android_activity::AndroidApp) {
    present::android::enter(activity);
    app::headset::run();
}

#[cfg(test)]
mod tests;
