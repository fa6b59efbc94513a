// A triangle that covers everything, in a colour that names the eye: red left, green right.

@vertex
fn cover_vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 4.0 - 1.0, 0.5, 1.0);
}

@fragment
fn cover_fragment(@builtin(view_index) view: u32) -> @location(0) vec4<f32> {
    return select(vec4<f32>(0.0, 1.0, 0.0, 1.0), vec4<f32>(1.0, 0.0, 0.0, 1.0), view == 0u);
}
