// The metallic-roughness model of glTF 2.0, appendix B, in forms that are cheap on a tiler.

const INVERSE_PI = 0.318309886;
// Below it the highlight of a point-like sun is smaller than a pixel and flickers.
const ROUGHNESS_MIN = 0.09;

struct Surface {
    base_color: vec3<f32>,
    metallic: f32,
    roughness: f32,
    occlusion: f32,
    normal: vec3<f32>,
}

// GGX with Lagrange's identity for 1 - (n.h)^2, which keeps small highlights round, and the
// height-correlated visibility with its linear mix (Hammon, "PBR Diffuse Lighting for GGX", GDC 2017).
fn specular_lobe(n: vec3<f32>, h: vec3<f32>, n_dot_l: f32, n_dot_v: f32, alpha: f32) -> f32 {
    let n_cross_h = cross(n, h);
    let scaled = saturate(dot(n, h)) * alpha;
    let k = alpha / (dot(n_cross_h, n_cross_h) + scaled * scaled);
    let distribution = min(k * k * INVERSE_PI, 500.0);
    let visibility = 0.5 / mix(2.0 * n_dot_l * n_dot_v, n_dot_l + n_dot_v, alpha);
    return distribution * visibility;
}

fn fresnel(f0: vec3<f32>, v_dot_h: f32) -> vec3<f32> {
    let q = 1.0 - v_dot_h;
    let q2 = q * q;
    return f0 + (vec3<f32>(1.0) - f0) * (q2 * q2 * q);
}

// How much of the surroundings a surface mirrors, over all directions: the fit of Karis,
// "Physically Based Shading on Mobile", 2014.
fn mirrored_share(f0: vec3<f32>, roughness: f32, n_dot_v: f32) -> vec3<f32> {
    let r = roughness * vec4<f32>(-1.0, -0.0275, -0.572, 0.022) + vec4<f32>(1.0, 0.0425, 1.04, -0.04);
    let a = min(r.x * r.x, exp2(-9.28 * n_dot_v)) * r.x + r.y;
    let scale_and_shift = vec2<f32>(-1.04, 1.04) * a + r.zw;
    return f0 * scale_and_shift.x + scale_and_shift.y;
}

// Wider highlights where the normal turns within a pixel (Tokuyoshi and Kaplanyan, "Improved
// Geometric Specular Antialiasing", 2019). Must be called in uniform control flow.
fn steadied_roughness(roughness: f32, normal: vec3<f32>) -> f32 {
    let across = dpdx(normal);
    let down = dpdy(normal);
    let variance = 0.25 * (dot(across, across) + dot(down, down));
    let alpha = roughness * roughness;
    return sqrt(sqrt(saturate(alpha * alpha + min(2.0 * variance, 0.18))));
}

// Sun and sky, reflected towards `v`.
fn reflected(s: Surface, v: vec3<f32>) -> vec3<f32> {
    let f0 = mix(vec3<f32>(0.04), s.base_color, s.metallic);
    let diffuse = s.base_color * (1.0 - s.metallic);
    let n_dot_v = max(dot(s.normal, v), 0.01);

    let l = frame.to_sun.xyz;
    let h = normalize(v + l);
    let n_dot_l = saturate(dot(s.normal, l));
    let f = fresnel(f0, saturate(dot(v, h)));
    let lobe = specular_lobe(s.normal, h, n_dot_l, n_dot_v, s.roughness * s.roughness);
    let direct = (diffuse * (vec3<f32>(1.0) - f) * INVERSE_PI + f * lobe) * n_dot_l * frame.sun.xyz;

    let mirrored = mirrored_share(f0, s.roughness, n_dot_v);
    let ambient = diffuse * (vec3<f32>(1.0) - mirrored) * sky_diffuse(s.normal)
        + mirrored * sky_radiance(reflect(-v, s.normal), s.roughness);
    return direct + ambient * s.occlusion;
}
