// The metallic-roughness model of glTF 2.0, appendix B, in forms that are cheap on a tiler: what decides where a
// highlight lies is a handful of numbers at full precision, what colour it has are halves.

const INVERSE_PI = 0.318309886;
// Below it the highlight of a point-like sun is smaller than a pixel and flickers.
const ROUGHNESS_MIN = 0.09;

struct Surface {
    base_color: vec3<f32>,
    metallic: f32,
    roughness: f32,
    occlusion: f32,
}

// Angles between the normal, the eye and the sun; what of the sun's light is mirrored.
struct Angles {
    n_dot_l: f32,
    n_dot_v: f32,
    v_dot_h: f32,
    // At most 1000, which is white on every surface.
    highlight: f32,
}

// GGX and the height-correlated visibility with its linear mix (Hammon, "PBR Diffuse Lighting for GGX", GDC
// 2017). The half vector itself is not needed: its length squared is 2 + 2 (v.l).
fn angles(n: vec3<f32>, v: vec3<f32>, alpha_squared: f32) -> Angles {
    let alpha = sqrt(alpha_squared);
    let l = frame.to_sun.xyz;
    let v_dot_l = dot(v, l);
    let to_l = dot(n, l);
    let to_v = dot(n, v);
    let n_dot_l = saturate(to_l);
    let n_dot_v = max(to_v, 0.01);
    let per_length = inverseSqrt(max(2.0 + 2.0 * v_dot_l, 1e-6));
    let n_dot_h = saturate((to_l + to_v) * per_length);
    let spread = 1.0 - n_dot_h * n_dot_h * (1.0 - alpha_squared);
    let mixed = mix(2.0 * n_dot_l * n_dot_v, n_dot_l + n_dot_v, alpha);
    // Distribution × visibility × n.l.
    let lobe = n_dot_l * (0.5 * INVERSE_PI) * alpha_squared / max(spread * spread * mixed, 1e-9);

    var out: Angles;
    out.n_dot_l = n_dot_l;
    out.n_dot_v = n_dot_v;
    out.v_dot_h = saturate((1.0 + v_dot_l) * per_length);
    out.highlight = min(lobe, 1000.0);
    return out;
}

// How much of the surroundings a surface mirrors, over all directions: the fit of Karis,
// "Physically Based Shading on Mobile", 2014.
fn h_mirrored_share(f0: vec3<f32>, roughness: f32, n_dot_v: f32) -> vec3<f32> {
    let r = roughness * vec4<f32>(-1.0, -0.0275, -0.572, 0.022) + vec4<f32>(1.0, 0.0425, 1.04, -0.04);
    let a = min(r.x * r.x, exp2(-9.28 * n_dot_v)) * r.x + r.y;
    let scale_and_shift = vec2<f32>(-1.04, 1.04) * a + r.zw;
    return f0 * scale_and_shift.x + scale_and_shift.y;
}

// Squared GGX roughness, wider where the normal turns within a pixel (Tokuyoshi and Kaplanyan, "Improved
// Geometric Specular Antialiasing", 2019). Must be called in uniform control flow.
fn steadied_alpha_squared(roughness: f32, normal: vec3<f32>) -> f32 {
    let across = dpdx(normal);
    let down = dpdy(normal);
    let turn = min(0.5 * (dot(across, across) + dot(down, down)), 0.18);
    let squared = max(roughness, ROUGHNESS_MIN) * max(roughness, ROUGHNESS_MIN);
    return min(squared * squared + turn, 1.0);
}

// Sun, sky and its own light, sent towards the eye. `mirrored` is the direction that is seen in a mirror.
fn h_radiance(s: Surface, roughness: f32, angles: Angles, diffuse_sky: vec3<f32>, mirrored_sky: vec3<f32>) -> vec3<f32> {
    let diffuse = s.base_color * (1.0 - s.metallic);
    let f0 = s.base_color * s.metallic + 0.04 * (1.0 - s.metallic);

    let q = 1.0 - angles.v_dot_h;
    let q5 = q * q * (q * q) * q;
    let fresnel = f0 * (1.0 - q5) + q5;
    let spread = diffuse * (INVERSE_PI * angles.n_dot_l);
    let direct = (spread + fresnel * (angles.highlight - spread)) * frame.sun.xyz;

    let share = h_mirrored_share(f0, roughness, angles.n_dot_v);
    let around = diffuse * diffuse_sky;
    let ambient = around + share * (mirrored_sky - around);
    return direct + ambient * s.occlusion;
}
