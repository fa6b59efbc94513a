#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use super::*;

/// What the registry says: profile → (user path, subpath) → type, and profile → what it takes.
struct Registry {
    /// By profile: who has it, what it is, whether the system keeps it, and the extension that adds it.
    parts: BTreeMap<String, Vec<Part>>,
    /// By profile: the extensions and versions that bring it.
    bringers: BTreeMap<String, BTreeSet<String>>,
}

struct Part {
    user: Option<String>,
    subpath: String,
    kind: String,
    is_systems: bool,
    extension: Option<String>,
}

/// The registry beside the sources of `openxr-sys`, wherever cargo has them.
fn registry_file() -> Option<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    let packages = metadata["packages"].as_array()?;
    let package = packages.iter().find(|package| package["name"] == "openxr-sys")?;
    let folder = PathBuf::from(package["manifest_path"].as_str()?).parent()?.to_owned();
    let file = folder.join("OpenXR-SDK/specification/registry/xr.xml");
    file.exists().then_some(file)
}

fn registry() -> Option<Registry> {
    let Some(file) = registry_file() else {
        println!("skipped: the sources of openxr-sys with the OpenXR registry are not on this machine");
        return None;
    };
    let text = std::fs::read_to_string(file).unwrap();
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    let document = roxmltree::Document::parse_with_options(&text, options).unwrap();
    let mut registry = Registry { parts: BTreeMap::new(), bringers: BTreeMap::new() };
    let part = |node: roxmltree::Node<'_, '_>, extension: Option<String>| Part {
        user: node.attribute("user_path").map(str::to_owned),
        subpath: node.attribute("subpath").unwrap().to_owned(),
        kind: node.attribute("type").unwrap().to_owned(),
        is_systems: node.attribute("system") == Some("true"),
        extension,
    };
    for node in document.descendants() {
        let owner = || {
            let owner = node.ancestors().find(|above| above.has_tag_name("extension"));
            let owner = owner.or_else(|| node.ancestors().find(|above| above.has_tag_name("feature")));
            owner.and_then(|owner| owner.attribute("name")).map(str::to_owned)
        };
        let components = || node.children().filter(|child| child.has_tag_name("component"));
        if node.has_tag_name("interaction_profile") {
            let profile = node.attribute("name").unwrap().to_owned();
            if let Some(owner) = owner() {
                registry.bringers.entry(profile).or_default().insert(owner);
            } else {
                let parts = registry.parts.entry(profile).or_default();
                parts.extend(components().map(|child| part(child, None)));
                // Whoever has the profile at all.
                let users = node.children().filter(|child| child.has_tag_name("user_path"));
                parts.extend(users.map(|user| Part {
                    user: user.attribute("path").map(str::to_owned),
                    subpath: String::new(),
                    kind: String::new(),
                    is_systems: false,
                    extension: None,
                }));
            }
        } else if let Some(profile) = node.attribute("interaction_profile_path") {
            let depends = node.parent().and_then(|parent| parent.attribute("depends")).map(str::to_owned);
            let extension = depends.or_else(owner);
            let parts = registry.parts.entry(profile.to_owned()).or_default();
            parts.extend(components().map(|child| part(child, extension.clone())));
        }
    }
    Some(registry)
}

fn type_name(kind: ActionType) -> &'static str {
    match kind {
        ActionType::Boolean => "XR_ACTION_TYPE_BOOLEAN_INPUT",
        ActionType::Float => "XR_ACTION_TYPE_FLOAT_INPUT",
        ActionType::Vector2 => "XR_ACTION_TYPE_VECTOR2F_INPUT",
        ActionType::Pose => "XR_ACTION_TYPE_POSE_INPUT",
        ActionType::Vibration => "XR_ACTION_TYPE_VIBRATION_OUTPUT",
    }
}

/// What is wrong with a binding, if anything.
fn fault(registry: &Registry, profile: &Profile, binding: Binding, extensions: &[&str]) -> Option<String> {
    let path = profile.path();
    let named = |user: &str| format!("{path}: {user}/{}", binding.part);
    let Some(parts) = registry.parts.get(&path) else { return Some(format!("{path} is in no registry")) };
    for user in binding.users() {
        let has_user = parts.iter().any(|part| part.subpath.is_empty() && part.user.as_deref() == Some(user));
        let wanted = format!("/{}", binding.part);
        let found = parts
            .iter()
            .find(|part| part.subpath == wanted && part.user.as_deref().is_none_or(|only| only == *user));
        let Some(part) = found.filter(|_| has_user) else { return Some(named(user) + " is not there") };
        let is_click = part.kind == "XR_ACTION_TYPE_BOOLEAN_INPUT";
        let fits = part.kind == type_name(binding.action.kind())
            || is_click && binding.action.kind() == ActionType::Float;
        if !fits {
            return Some(format!("{} is a {}", named(user), part.kind));
        }
        if part.is_systems {
            return Some(named(user) + " is the system's");
        }
        let is_offered = part.extension.as_deref().is_none_or(|needed| extensions.contains(&needed));
        if !is_offered {
            return Some(format!("{} takes {:?}", named(user), part.extension));
        }
    }
    None
}

#[test]
fn every_path_is_in_the_registry_and_of_its_type() {
    let Some(registry) = registry() else { return };
    assert!(registry.parts.len() > 30, "only {} profiles were read", registry.parts.len());
    let mut checked = 0;
    for profile in PROFILES {
        let (extensions, bringer): (&[&str], _) = match profile.needs {
            Needs::Core => (&[], "XR_VERSION_1_0"),
            Needs::Extension(name) => (&[name], name),
        };
        let bringers = registry.bringers.get(&profile.path());
        assert!(bringers.is_some_and(|all| all.contains(bringer)), "{}: {bringers:?}", profile.name);
        for &binding in profile.bindings {
            assert_eq!(fault(&registry, profile, binding, extensions), None);
            checked += binding.users().len();
        }
        if profile.can_poke() {
            let with_poke: Vec<&str> = extensions.iter().copied().chain([HAND_INTERACTION]).collect();
            assert_eq!(fault(&registry, profile, POKE, &with_poke), None);
            assert!(fault(&registry, profile, POKE, extensions).is_some(), "{}", profile.name);
        }
    }
    println!("{checked} paths of {} profiles are in the registry", PROFILES.len());
}

/// The check itself refuses what a runtime would.
#[test]
fn wrong_paths_are_found() {
    let Some(registry) = registry() else { return };
    let of = |name: &str| profile(&format!("/interaction_profiles/{name}")).unwrap();
    let index = of("valve/index_controller");
    for (profile, binding, why) in [
        (index, both(Action::Menu, "input/menu/click"), "is not there"),
        (index, both(Action::Menu, "input/system/click"), "is the system's"),
        (index, both(Action::Menu, "input/trigger/value"), "is a XR_ACTION_TYPE_FLOAT_INPUT"),
        (of("oculus/touch_controller"), both(Action::Menu, "input/menu/click"), "is not there"),
        (of("htc/vive_controller"), STICK, "is not there"),
        (of("ext/hand_interaction_ext"), HAPTIC, "is not there"),
    ] {
        let said = fault(&registry, profile, binding, &[]).unwrap();
        assert!(said.contains(why), "{said}");
    }
}

/// Select and menu are enough for everything, so every controller reaches both, with each hand that can:
/// select with either, the menu with at least one. Bare hands have their menu at the wrist.
#[test]
fn every_controller_reaches_select_and_menu() {
    for profile in PROFILES {
        let reaches = |action: Action, user: &str| {
            let does = |binding: &&Binding| binding.action == action && binding.users().contains(&user);
            profile.bindings.iter().any(|binding| does(&binding))
        };
        match profile.held {
            Held::Eyes => assert!(reaches(Action::Gaze, EYES)),
            Held::Controller | Held::Nothing => {
                for user in HANDS {
                    for action in [Action::Palm, Action::Aim, Action::Select] {
                        assert!(reaches(action, user), "{}: {user} {action:?}", profile.name);
                    }
                }
                let has_menu = HANDS.iter().all(|user| reaches(Action::Menu, user));
                assert_eq!(has_menu, profile.held == Held::Controller, "{}", profile.name);
            }
        }
    }
}

#[test]
fn names_are_unique_and_allowed_to_be_names() {
    let is_allowed = |name: &str| {
        name.len() < 64
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte))
    };
    let names: BTreeSet<_> = Action::ALL.iter().map(|action| action.names().0).collect();
    assert_eq!(names.len(), Action::ALL.len());
    assert!(names.iter().all(|name| is_allowed(name)));
    let labels: BTreeSet<_> = Action::ALL.iter().map(|action| action.names().1).collect();
    assert_eq!(labels.len(), Action::ALL.len());
    let profiles: BTreeSet<_> = PROFILES.iter().map(|profile| profile.name).collect();
    assert_eq!(profiles.len(), PROFILES.len());
    assert_eq!(profile("/interaction_profiles/htc/vive_pro"), None);
}
