//! Sound: whether something here could play it.

use super::{Finding, State};

const SUBJECT: &str = "audio";

/// Sockets of the sound servers in a user's runtime folder.
#[cfg(target_os = "linux")]
const SERVERS: [(&str, &str); 2] = [("PipeWire", "pipewire-0"), ("PulseAudio", "pulse/native")];

#[cfg(target_os = "linux")]
pub(super) fn look() -> Finding {
    use std::path::Path;
    let runtime = std::env::var_os("XDG_RUNTIME_DIR");
    let server = runtime.as_deref().map(Path::new).and_then(|folder| {
        SERVERS.iter().find(|(_, socket)| folder.join(socket).exists()).map(|(name, _)| *name)
    });
    let cards = cards(std::fs::read_dir("/dev/snd").into_iter().flatten().flatten());
    let finding = match (server, cards) {
        (Some(server), _) => Finding::works(SUBJECT, format!("{server} is running")),
        (None, 1..) => Finding::works(SUBJECT, format!("ALSA with {cards} outputs")),
        (None, 0) => Finding::new(SUBJECT, State::Absent, "nothing here plays sound")
            .fix("connect headphones or a sound card, or start PipeWire"),
    };
    finding.fact("server", server).fact("outputs", cards)
}

/// Playback devices among the files of `/dev/snd`, such as `pcmC0D0p`.
#[cfg(target_os = "linux")]
fn cards(files: impl Iterator<Item = std::fs::DirEntry>) -> u32 {
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    names.map(|name| u32::from(name.starts_with("pcm") && name.ends_with('p'))).sum()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn look() -> Finding {
    Finding::new(SUBJECT, State::NotNeeded, "the system brings its own sound")
}
