// A panel that hangs in the world, once for both eyes.
// In: a picture's triangles in points, one instance for each of its clip rectangles, one texture.
// Out: display light with premultiplied alpha; panels are neither lit nor tone-mapped.
// Cost: four texture reads a pixel, of texels that lie beside each other.

struct PanelVertex {
    // Points from the picture's top left corner, right and down.
    @location(0) point: vec2<f32>,
    @location(1) uv: vec2<f32>,
    // sRGB, multiplied by alpha after it was encoded.
    @location(2) color: vec4<f32>,
    // Rows of world-from-points.
    @location(3) row_x: vec4<f32>,
    @location(4) row_y: vec4<f32>,
    @location(5) row_z: vec4<f32>,
    // What of the picture is seen: left, top, right, bottom, points.
    @location(6) clip_rectangle: vec4<f32>,
}

struct PanelVarying {
    @builtin(position) clip: vec4<f32>,
    @location(0) uv: vec2<f32>,
    // Light, multiplied by alpha.
    @location(1) color: vec4<f32>,
    @location(2) point: vec2<f32>,
    @location(3) @interpolate(flat) clip_rectangle: vec4<f32>,
}

@group(0) @binding(1) var panel_texture: texture_2d<f32>;
@group(0) @binding(2) var panel_sampler: sampler;

// IEC 61966-2-1.
fn linear_from_srgb(encoded: vec3<f32>) -> vec3<f32> {
    let toe = encoded / 12.92;
    let curve = pow((max(encoded, vec3<f32>(0.0)) + 0.055) / 1.055, vec3<f32>(2.4));
    return select(curve, toe, encoded <= vec3<f32>(0.04045));
}

@vertex
fn panel_vertex(vertex: PanelVertex, @builtin(view_index) view: u32) -> PanelVarying {
    let point = vec4<f32>(vertex.point, 0.0, 1.0);
    let world = vec3<f32>(dot(vertex.row_x, point), dot(vertex.row_y, point), dot(vertex.row_z, point));
    let alpha = vertex.color.a;
    // A colour without alpha is added to what is behind it.
    let straight = vertex.color.rgb / select(alpha, 1.0, alpha == 0.0);
    let share = select(alpha, 1.0, alpha == 0.0);

    var out: PanelVarying;
    out.clip = clip_from_world(view, world);
    out.uv = vertex.uv;
    out.color = vec4<f32>(linear_from_srgb(straight) * share, alpha);
    out.point = vertex.point;
    out.clip_rectangle = vertex.clip_rectangle;
    return out;
}

@fragment
fn panel_fragment(in: PanelVarying) -> @location(0) vec4<f32> {
    // The texture has twice the texels that a headset has pixels, and no smaller levels, in which
    // letters would run into their neighbours: four places of the pixel on a turned grid stand for it.
    let across = dpdx(in.uv);
    let down = dpdy(in.uv);
    let a = across * 0.125 + down * 0.375;
    let b = across * 0.375 - down * 0.125;
    let texel = 0.25 * (textureSampleLevel(panel_texture, panel_sampler, in.uv + a, 0.0)
        + textureSampleLevel(panel_texture, panel_sampler, in.uv - a, 0.0)
        + textureSampleLevel(panel_texture, panel_sampler, in.uv + b, 0.0)
        + textureSampleLevel(panel_texture, panel_sampler, in.uv - b, 0.0));
    // There is no scissor in space: what is outside fades within a pixel.
    let outside = max(in.clip_rectangle.xy - in.point, in.point - in.clip_rectangle.zw);
    let covered = saturate(vec2<f32>(0.5) - outside / max(fwidth(in.point), vec2<f32>(1e-6)));
    return in.color * texel * (covered.x * covered.y);
}
