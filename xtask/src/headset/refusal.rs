//! Why Android refused an APK, as sentences.

use anyhow::anyhow;

use crate::fault::Environment;

/// Android's words for what it refused, and what to do. `{package}` stands for the app.
const REFUSALS: [(&str, &str); 12] = [
    (
        "INSTALL_FAILED_UPDATE_INCOMPATIBLE",
        "the Pavilion on the headset was signed with another key: remove it with `adb uninstall {package}` (its settings go with it) and install again",
    ),
    (
        "INSTALL_FAILED_INSUFFICIENT_STORAGE",
        "the headset's storage is full: remove apps or recordings there and install again",
    ),
    (
        "INSTALL_FAILED_NO_MATCHING_ABIS",
        "the device runs no 64-bit ARM programs, so it is no headset that Pavilion is for: name the headset with --device",
    ),
    (
        "INSTALL_FAILED_VERSION_DOWNGRADE",
        "the headset has a newer Pavilion: remove it with `adb uninstall {package}` or build a newer one",
    ),
    ("INSTALL_FAILED_OLDER_SDK", "the headset's system is older than Android 10: update the headset"),
    (
        "INSTALL_FAILED_MISSING_FEATURE",
        "the device lacks VR head tracking or Vulkan 1.1, so it is no headset: name the headset with --device",
    ),
    (
        "INSTALL_FAILED_USER_RESTRICTED",
        "the headset does not let this user install by USB: switch on developer mode for the owner's account",
    ),
    (
        "INSTALL_FAILED_VERIFICATION_FAILURE",
        "the headset's own app verification refused it: switch that off in the developer settings there",
    ),
    (
        "INSTALL_FAILED_ABORTED",
        "the installation was broken off on the headset: install again and keep the headset awake",
    ),
    (
        "INSTALL_PARSE_FAILED_NO_CERTIFICATES",
        "the headset finds no valid signature: build the APK again with `cargo xtask apk`",
    ),
    ("INSTALL_FAILED_INVALID_APK", "the headset cannot read the APK: build it again with `cargo xtask apk`"),
    (
        "INSTALL_FAILED_DEXOPT",
        "the headset could not prepare the app, most likely for want of storage: make room there and install again",
    ),
];

/// The sentence for what `adb install` printed. Android's own word follows, for whoever wants to look it up.
pub fn sentence(said: &str, package: &str) -> anyhow::Error {
    let known = REFUSALS.iter().find(|(word, _)| said.contains(word));
    let text = match known {
        Some((word, sentence)) => format!("{} ({word})", sentence.replace("{package}", package)),
        None => match word(said) {
            Some(word) => {
                format!("the headset refused the APK ({word}): see `cargo xtask log` for its reason")
            }
            // Nothing of Android's: adb's own last line says most.
            None => {
                let last = crate::process::last_lines(said, 1);
                return anyhow!("the APK was not installed: {last}")
                    .context(Environment("adb failed".into()));
            }
        },
    };
    Environment(text).into()
}

/// Android's word in adb's prose: `Failure [INSTALL_FAILED_X: …]`.
fn word(said: &str) -> Option<&str> {
    let start = said.find("INSTALL_")?;
    let rest = said.get(start..)?;
    let end =
        rest.find(|letter: char| !(letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_'));
    rest.get(..end.unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_one_sentence_with_a_way_on() {
        for (word, _) in REFUSALS {
            let said =
                format!("Performing Streamed Install\nadb: failed to install a.apk: Failure [{word}: x]\n");
            let error = sentence(&said, "a.b");
            assert!(error.is::<Environment>());
            let text = error.to_string();
            assert!(
                text.ends_with(&format!("({word})")) && text.contains(": ") && !text.contains('{'),
                "{text}"
            );
        }
    }

    #[test]
    fn an_unknown_refusal_keeps_androids_word_and_no_word_keeps_adbs_line() {
        let text = sentence("Failure [INSTALL_FAILED_BAD_MOOD_7: x]", "a.b").to_string();
        assert_eq!(
            text,
            "the headset refused the APK (INSTALL_FAILED_BAD_MOOD_7): see `cargo xtask log` for its reason"
        );
        let error = sentence("adb: failed to stat a.apk\n", "a.b");
        assert_eq!(format!("{error:#}"), "adb failed: the APK was not installed: adb: failed to stat a.apk");
        assert!(error.is::<Environment>());
    }
}
