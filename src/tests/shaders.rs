//! Every WGSL is valid, and every structure it shares with Rust lies in memory the same way.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::mem::offset_of;

use naga::valid::{Capabilities, ValidationFlags, Validator};

use crate::draw::{
    EYE_PASS_SHADER, FrameUniform, HiddenVertex, MIRROR_SHADER, MaterialUniform, MirrorUniform, PANEL_SHADER,
    PanelInstance, SELF_TEST_SHADER, SKINNING_SHADER, ViewUniform, for_one_eye,
};

fn parsed(name: &str, source: &str) -> naga::Module {
    parsed_with(Capabilities::MULTIVIEW, name, source)
}

fn parsed_with(eyes: Capabilities, name: &str, source: &str) -> naga::Module {
    let module = naga::front::wgsl::parse_str(source)
        .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(source)));
    // Beside the eyes the unpacking of halves, which every Vulkan device has: no half arithmetic, no
    // subgroups, nothing that a headset's driver lacks.
    let capabilities = eyes | Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    Validator::new(ValidationFlags::all(), capabilities)
        .validate(&module)
        .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(source)));
    module
}

/// Size and offsets of a WGSL structure.
fn layout(module: &naga::Module, name: &str) -> (u32, Vec<(String, u32)>) {
    let (_, found) =
        module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some(name)).expect("the structure exists");
    let naga::TypeInner::Struct { members, span } = &found.inner else { panic!("{name} is no structure") };
    (*span, members.iter().map(|member| (member.name.clone().unwrap(), member.offset)).collect())
}

macro_rules! twin {
    ($module:expr, $wgsl:literal, $rust:ty { $($field:ident => $member:literal),* $(,)? }) => {{
        let (size, members) = layout($module, $wgsl);
        let expected: Vec<(String, u32)> =
            vec![$(($member.to_owned(), offset_of!($rust, $field) as u32)),*];
        assert_eq!(members, expected, "{}", $wgsl);
        assert_eq!(size as usize, size_of::<$rust>(), "{}", $wgsl);
    }};
}

#[test]
fn every_shader_is_valid() {
    for (name, source) in [
        ("eye_pass", EYE_PASS_SHADER),
        ("mirror", MIRROR_SHADER),
        ("panel", PANEL_SHADER),
        ("self_test", SELF_TEST_SHADER),
        ("skinning", SKINNING_SHADER),
    ] {
        let module = parsed(name, source);
        assert!(!module.entry_points.is_empty(), "{name} has no entry point");
        for (_, variable) in module.global_variables.iter() {
            assert_ne!(
                variable.space,
                naga::AddressSpace::Private,
                "{name}: private variables spill on Adreno"
            );
        }
    }
}

/// What draws both eyes is refused by a device without multiview; the same for one eye is not, and is the same
/// but for the eye.
#[test]
fn every_shader_is_valid_without_multiview() {
    let without = Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    for (name, source) in
        [("eye_pass", EYE_PASS_SHADER), ("panel", PANEL_SHADER), ("self_test", SELF_TEST_SHADER)]
    {
        let both = parsed(name, source);
        assert!(Validator::new(ValidationFlags::all(), without).validate(&both).is_err(), "{name}");
        let one = parsed_with(Capabilities::empty(), name, &for_one_eye(source));
        let names = |module: &naga::Module| -> Vec<String> {
            module.entry_points.iter().map(|entry| entry.name.clone()).collect()
        };
        assert_eq!(names(&one), names(&both), "{name}");
    }
}

/// Each file is part of a shader that is tested: none is left behind.
#[test]
fn every_file_is_used() {
    let all = [EYE_PASS_SHADER, MIRROR_SHADER, PANEL_SHADER, SELF_TEST_SHADER, SKINNING_SHADER];
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut count = 0;
    for folder in [root.clone(), root.join("lib")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(all.iter().any(|shader| shader.contains(&text)), "{} is unused", path.display());
                assert!(text.lines().count() <= 250, "{} is too long", path.display());
                count += 1;
            }
        }
    }
    assert!(count >= 3);
}

#[test]
fn structures_lie_in_memory_as_in_rust() {
    let module = parsed("eye_pass", EYE_PASS_SHADER);
    twin!(&module, "View", ViewUniform {
        clip_x_from_world => "clip_x_from_world",
        clip_y_from_world => "clip_y_from_world",
        clip_w_from_world => "clip_w_from_world",
        ray_x => "ray_x",
        ray_y => "ray_y",
        ray_z => "ray_z",
    });
    twin!(&module, "Frame", FrameUniform {
        views => "views",
        eye => "eye",
        eye_step => "eye_step",
        to_sun => "to_sun",
        sun => "sun",
        veil => "veil",
    });
    let (size, members) = layout(&parsed("mirror", MIRROR_SHADER), "Look");
    assert_eq!(size as usize, size_of::<MirrorUniform>());
    assert_eq!(members.last(), Some(&("row_w".to_owned(), 32)));
    twin!(&module, "Material", MaterialUniform {
        uv => "uv",
        colors => "colors",
        surface => "surface",
        rest => "rest",
    });
}

/// The vertex attributes of the pipeline are those that the shader reads, at the offsets of the
/// vertex types.
#[test]
fn vertices_lie_in_memory_as_in_rust() {
    use crate::cull::draw_list::Instance;
    use crate::scene::mesh::{Attributes, Position};
    assert_eq!((size_of::<Position>(), offset_of!(Position, material_and_sign)), (8, 6));
    assert_eq!(size_of::<Attributes>(), 16);
    // Snorm8x4 covers normal and tangent, Unorm16x4 both texture coordinates.
    assert_eq!((offset_of!(Attributes, normal), offset_of!(Attributes, tangent)), (0, 2));
    assert_eq!((offset_of!(Attributes, uv0), offset_of!(Attributes, uv1)), (4, 8));
    assert_eq!(offset_of!(Attributes, color), 12);
    // Three Float32x4, Unorm8x4, Uint32.
    assert_eq!((size_of::<Instance>(), offset_of!(Instance, world_from_grid)), (64, 0));
    assert_eq!((offset_of!(Instance, tint), offset_of!(Instance, layer)), (48, 52));
    // Then Uint32x2.
    assert_eq!(offset_of!(Instance, per_scale), 56);
    // What a lens hides: Float32x2, Uint32.
    assert_eq!((size_of::<HiddenVertex>(), offset_of!(HiddenVertex, eye)), (12, 8));
    // A panel's corners come from egui as they are: two Float32x2, Unorm8x4; then four Float32x4.
    use epaint::Vertex;
    assert_eq!((size_of::<Vertex>(), offset_of!(Vertex, pos)), (20, 0));
    assert_eq!((offset_of!(Vertex, uv), offset_of!(Vertex, color)), (8, 16));
    assert_eq!((size_of::<PanelInstance>(), offset_of!(PanelInstance, clip_rectangle)), (64, 48));
}
