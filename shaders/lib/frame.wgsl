// What every pass over the world knows of the frame. Rust twin: draw::frame::FrameUniform.

struct View {
    // Without the row of z, which is `near` for every place: depth runs from 1 at the near plane to 0 at infinity.
    clip_x_from_world: vec4<f32>,
    clip_y_from_world: vec4<f32>,
    clip_w_from_world: vec4<f32>,
    // The clip position (x, y) looks along x * ray_x + y * ray_y + ray_z in the world. The w of the first two:
    // where straight ahead is; of the last: 0 for the left eye and 1 for the right one.
    ray_x: vec4<f32>,
    ray_y: vec4<f32>,
    ray_z: vec4<f32>,
}

struct Frame {
    // Left, then right; a mono pass finds its only eye in the first.
    views: array<View, 2>,
    // The first view's eye, world, metres; w: the distance of the near plane.
    eye: vec4<f32>,
    // From it to the second view's eye.
    eye_step: vec4<f32>,
    to_sun: vec4<f32>,
    // Over π, what of the irradiance on a surface that faces the sun is refracted; w: how much of all light the
    // veil lets through.
    sun: vec4<f32>,
    // See draw::veil.
    veil: vec4<f32>,
}

@group(0) @binding(0) var<uniform> frame: Frame;

fn clip_from_world(view: u32, world: vec3<f32>) -> vec4<f32> {
    let place = vec4<f32>(world, 1.0);
    let x = dot(frame.views[view].clip_x_from_world, place);
    let y = dot(frame.views[view].clip_y_from_world, place);
    return vec4<f32>(x, y, frame.eye.w, dot(frame.views[view].clip_w_from_world, place));
}
