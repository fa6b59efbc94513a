// The metallic-roughness model of glTF 2.0, appendix B, in forms that are cheap on a tiler: what decides where a
// highlight lies is a handful of numbers at full precision, what colour it has are halves. Nothing is made of unit
// length for its own sake.

// Below it the highlight of a point-like sun is smaller than a pixel and flickers.
const ROUGHNESS_MIN = 0.09;
// What a dielectric mirrors straight back.
const DIELECTRIC = 0.04;

// What of the sun a surface that is no metal lets in; `frame.sun` has it already.
const REFRACTED = 1.0 - DIELECTRIC;

struct Surface {
    metallic: f32,
    // What of the base colour is diffuse, and what is mirrored straight back beside the metal's part.
    dielectric: vec2<f32>,
    roughness: f32,
    occlusion: f32,
}

// Angles between the normal, the eye and the sun; what of the sun's light is mirrored.
struct Angles {
    n_dot_l: f32,
    n_dot_v: f32,
    // Its square is how much more is mirrored at a glancing angle: nearly (1 − h·l)⁵, where that shows.
    glancing: f32,
    // Distribution × visibility × n·l × π, over REFRACTED.
    highlight: f32,
    // The direction that is seen in a mirror.
    mirrored: vec3<f32>,
}

// GGX and the height-correlated visibility with its linear mix (Hammon, "PBR Diffuse Lighting for GGX", GDC 2017).
// Neither needs the half vector, whose length squared is x = 2 + 2 (v·l); the first is written with x cleared of
// fractions, so that one division is left. `alpha` is the squared roughness and `turn` what is added to its square.
fn angles(m: vec3<f32>, d: vec3<f32>, alpha: f32, turn: f32) -> Angles {
    let l = frame.to_sun.xyz;
    let md = dot(m, d);
    let mm = dot(m, m);
    let per_m = inverseSqrt(mm);
    let per_d = inverseSqrt(dot(d, d));
    let to_l = dot(m, l) * per_m;
    let n_dot_v = max(md * (per_m * per_d), 0.01);
    let n_dot_l = saturate(to_l);
    let v_dot_l = dot(d, l) * per_d;
    // A little more, so that it is positive.
    let x = 2.0 * v_dot_l + 2.0000005;
    let s = to_l + n_dot_v;
    let alpha_squared = min(alpha * alpha + turn, 1.0);
    let spread = x - s * s * (1.0 - alpha_squared);
    let both = n_dot_l * n_dot_v;
    let mixed = both + alpha * (0.5 * s - both);

    var out: Angles;
    out.n_dot_l = n_dot_l;
    out.n_dot_v = n_dot_v;
    out.glancing = saturate(-1.1 * v_dot_l - 0.45);
    out.highlight = (n_dot_l * (0.25 / REFRACTED)) * (alpha_squared * (x * x)) / (spread * spread * mixed);
    out.mirrored = m * md - d * (0.5 * mm);
    return out;
}

// Of light from all directions the part of a white mirror that is seen, and what a glancing view adds: the fit of
// Karis, "Physically Based Shading on Mobile", 2014.
fn h_mirrored_share(roughness: f32, n_dot_v: f32) -> vec2<f32> {
    let r = roughness * vec4<f32>(-1.0, -0.0275, -0.572, 0.022) + vec4<f32>(1.0, 0.0425, 1.04, -0.04);
    let a = min(r.x * r.x, exp2(-9.28 * n_dot_v)) * r.x + r.y;
    return vec2<f32>(-1.04, 1.04) * a + r.zw;
}

// How much wider a highlight is for the turn of the normal within a pixel (Tokuyoshi and Kaplanyan, "Improved
// Geometric Specular Antialiasing", 2019). Must be called in uniform control flow.
fn turned_within(normal: vec3<f32>) -> f32 {
    let across = dpdx(normal);
    let down = dpdy(normal);
    return min(0.5 * (dot(across, across) + dot(down, down)), 0.18);
}

// Sun and sky, sent towards the eye.
fn h_radiance(s: Surface, base: vec3<f32>, angles: Angles, diffuse_sky: vec3<f32>, mirrored_sky: vec3<f32>) -> vec3<f32> {
    let diffuse = base * s.dielectric.x;
    let f0 = base * s.metallic + s.dielectric.y;
    // At most 1000, which is white on every surface.
    let highlight = min(angles.highlight, 1000.0);
    let glanced = angles.glancing * angles.glancing * highlight;
    let direct = f0 * highlight + glanced + diffuse * angles.n_dot_l;

    let scale_and_shift = h_mirrored_share(s.roughness, angles.n_dot_v);
    let share = f0 * scale_and_shift.x + scale_and_shift.y;
    let around = diffuse * diffuse_sky;
    let ambient = share * mirrored_sky + (around - share * around);
    return direct * frame.sun.xyz + ambient * s.occlusion;
}
