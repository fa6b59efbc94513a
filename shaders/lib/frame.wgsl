// What every pass over the world knows of the frame. Rust twin: draw::frame::FrameUniform.

struct View {
    clip_from_world: mat4x4<f32>,
    // World, metres; w: 0 left, 1 right.
    eye: vec4<f32>,
    // The clip position (x, y) looks along x * ray_x + y * ray_y + ray_z in the world. The w of the first two:
    // where straight ahead is.
    ray_x: vec4<f32>,
    ray_y: vec4<f32>,
    ray_z: vec4<f32>,
}

struct Frame {
    // Left, then right; a mono pass finds its only eye in the first.
    views: array<View, 2>,
    to_sun: vec4<f32>,
    // Irradiance on a surface that faces the sun; w: how much of all light the veil lets through.
    sun: vec4<f32>,
    // See draw::veil.
    veil: vec4<f32>,
}

@group(0) @binding(0) var<uniform> frame: Frame;

// How much is left of what is seen against the unit vector `v`, which points to the eye.
fn unveiled(v: vec3<f32>) -> f32 {
    return saturate(dot(frame.veil.xyz, v) + frame.veil.w) * frame.sun.w;
}
