// The world, once for both eyes.
// In: two vertex streams, one instance per tile and per actor, all materials, two texture arrays.
// Out: display light with premultiplied alpha; depth, 1 at the near plane and 0 at infinity.
// Cost: two reads of images for most surfaces, none to five for the others, and two of the sky and one of the tone
// curve, all three small. What a draw does not need is left out of its pipeline. Of the view the vertex shader knows
// the position only, so that a tiler transforms once for both eyes.

struct Vertex {
    // xyz: grid, w: material << 1 | right-handed.
    @location(0) grid: vec4<u32>,
    // xy: normal, zw: tangent, octahedral.
    @location(1) normal_tangent: vec4<f32>,
    // xy: first, zw: second.
    @location(2) uv: vec4<f32>,
    @location(3) color: vec4<f32>,
    // Rows of world-from-grid.
    @location(4) row_x: vec4<f32>,
    @location(5) row_y: vec4<f32>,
    @location(6) row_z: vec4<f32>,
    // Linear, multiplies the colour.
    @location(7) tint: vec4<f32>,
    // Added to the base colour's layer.
    @location(8) layer: u32,
    // One over the scale of the grid's axes: the upper halves of floats; above them the fade, cull::Fade.
    @location(9) per_scale: vec2<u32>,
}

struct Varying {
    @builtin(position) clip: vec4<f32>,
    // To the first view's eye.
    @location(0) to_eye: vec3<f32>,
    @location(1) normal: vec3<f32>,
    // w: the bitangent's sign.
    @location(2) tangent: vec4<f32>,
    @location(3) uv: vec4<f32>,
    @location(4) color: vec4<f32>,
    // The material, above its 16 bits the instance's layer where all is read, and in the upper 8 its fade.
    @location(5) @interpolate(flat) material_and_layer: u32,
}

// scene::AlphaMode: 0 opaque, 1 mask, 2 blend.
override alpha_mode: u32 = 0u;
// Whether a mask's edge becomes coverage of the pixel's samples; else it cuts whole pixels.
override has_samples: bool = true;
// Whether back faces are drawn too.
override two_sided: bool = true;
// scene::mesh::Reads: 0 nothing, 1 a packed surface, 2 all. Each draws what those before it draw.
override reads: u32 = 2u;

// Whether only some of the pixels are drawn, because detail changes: its pipelines alone leave any out for that.
override fades: bool = false;

@vertex
fn surface_vertex(vertex: Vertex, @builtin(view_index) view: u32) -> Varying {
    let grid = vec4<f32>(vec3<f32>(vertex.grid.xyz), 1.0);
    let world = vec3<f32>(dot(vertex.row_x, grid), dot(vertex.row_y, grid), dot(vertex.row_z, grid));
    // Directions are given in the grid's axes but in metres: only the turn applies, not the scale.
    let p = vertex.per_scale;
    let per_scale = bitcast<vec3<f32>>(vec3<u32>(p.x << 16u, p.x & 0xffff0000u, p.y << 16u));
    let normal = unit_from_octahedral(vertex.normal_tangent.xy) * per_scale;
    let tangent = unit_from_octahedral(vertex.normal_tangent.zw) * per_scale;
    let index = (vertex.grid.w >> 1u) & 1023u;
    let uv = materials[index].uv;

    var out: Varying;
    out.clip = clip_from_world(view, world);
    out.to_eye = frame.eye.xyz - world;
    out.normal = vec3<f32>(dot(vertex.row_x.xyz, normal), dot(vertex.row_y.xyz, normal), dot(vertex.row_z.xyz, normal));
    out.tangent = vec4<f32>(
        dot(vertex.row_x.xyz, tangent),
        dot(vertex.row_y.xyz, tangent),
        dot(vertex.row_z.xyz, tangent),
        f32(vertex.grid.w & 1u) * 2.0 - 1.0,
    );
    out.uv = uv.xyxy + uv.zwzw * vertex.uv;
    out.color = vertex.color * h_base_color(materials[index].colors);
    // Only people have tints, and they read nothing or all.
    if reads != 1u {
        out.color *= vertex.tint;
    }
    out.material_and_layer = select(index, index | (vertex.layer << 16u), reads == 2u);
    if fades {
        out.material_and_layer |= (p.y >> 16u) << 24u;
    }
    return out;
}

// Alpha as the fraction of the pixel that is there: a ramp one pixel wide around the cutoff.
fn coverage(alpha: f32, cutoff: f32) -> f32 {
    return saturate((alpha - cutoff) / max(fwidth(alpha), 1e-4) + 0.5);
}

// Whether the pixel is left out: of each square of 8 by 8 what comes has as many as it says, spread evenly, and what goes
// has the others. Whole numbers, so that both agree on every pixel.
fn is_left_out(place: vec2<f32>, fade: u32) -> bool {
    let at = vec2<u32>(place);
    let x = at.x ^ at.y;
    let y = at.y;
    let fine = ((x & 1u) << 5u) | ((y & 1u) << 4u);
    let middle = ((x & 2u) << 2u) | ((y & 2u) << 1u);
    let kind = fine | middle | ((x & 4u) >> 1u) | ((y & 4u) >> 2u);
    let is_going = fade >= 128u;
    return (kind < (fade & 127u)) == is_going;
}

@fragment
fn surface_fragment(in: Varying, @builtin(front_facing) is_front: bool, @builtin(view_index) view: u32) -> @location(0) vec4<f32> {
    let index = select(in.material_and_layer, in.material_and_layer & 0xffffu, reads == 2u);
    let material = materials[index].surface;
    let rest = materials[index].rest;
    var base = in.color;
    var surface: Surface;
    var emissive_texel: vec4<f32>;
    var m = in.normal;
    var turn = 0.0;
    switch reads {
        case 0u: {
            surface = h_even(material);
            turn = turned_within(in.normal);
        }
        case 1u: {
            base = h_tinted(base, h_color_texel(in.uv.xy, material.x >> 16u));
            let texel = h_data_texel(in.uv.xy, material.y >> 16u);
            surface = h_packed(material, texel);
            m = h_sloped(texel.xy, h_low(material.x), in.normal, in.tangent);
        }
        default: {
            let layer = (material.x >> 16u) + ((in.material_and_layer >> 16u) & select(0xffffu, 0xffu, fades));
            base = h_tinted(base, h_color_texel(uv_of(in.uv, rest.z, UV1_BASE_COLOR), layer));
            emissive_texel = h_color_texel(uv_of(in.uv, rest.z, UV1_EMISSIVE), rest.y & 0xffffu);
            let texel = h_data_texel(uv_of(in.uv, rest.z, UV1_METALLIC_ROUGHNESS), material.y >> 16u);
            let occlusion_texel = h_data_texel(uv_of(in.uv, rest.z, UV1_OCCLUSION), rest.x >> 16u);
            let bump = h_data_texel(uv_of(in.uv, rest.z, UV1_NORMAL), rest.x & 0xffffu).xy;
            let packed = h_high(rest.w);
            surface = h_textured(material, texel, occlusion_texel, packed);
            m = h_turned(bump, h_low(material.x), packed, in.normal, in.tangent);
            turn = turned_within(in.normal);
        }
    }
    if two_sided {
        m *= select(-1.0, 1.0, is_front);
    }
    let d = in.to_eye + frame.eye_step.xyz * f32(view);
    let angles = angles(m, d, h_times(surface.roughness, surface.roughness), turn);
    let light = h_radiance(surface, base.rgb, angles, sky_diffuse(m), sky_radiance(angles.mirrored, surface.roughness));
    var color: vec3<f32>;
    if reads < 2u {
        color = h_tone_mapped(light);
    } else {
        color = h_display(light, h_emitted(materials[index].colors, emissive_texel), base.rgb, h_low(rest.w));
    }

    if fades {
        if is_left_out(in.clip.xy, in.material_and_layer >> 24u) {
            discard;
        }
    }
    if alpha_mode == 1u {
        let covered = coverage(base.a, h_high(materials[index].colors.w));
        if covered < select(0.5, 0.01, has_samples) {
            discard;
        }
        return vec4<f32>(color, select(1.0, covered, has_samples));
    }
    if alpha_mode == 2u {
        return vec4<f32>(color * base.a, base.a);
    }
    return vec4<f32>(color, 1.0);
}

struct HiddenVertex {
    // Where a way from the eye meets the plane 1 m ahead of it, metres right and up.
    @location(0) corner: vec2<f32>,
    // 0 left, 1 right.
    @location(1) eye: u32,
}

// What the lens hides, as near as can be, so that nothing behind it is drawn. To the other eye a triangle is
// but a place.
@vertex
fn hidden_vertex(vertex: HiddenVertex, @builtin(view_index) view: u32) -> @builtin(position) vec4<f32> {
    let x = frame.views[view].ray_x;
    let y = frame.views[view].ray_y;
    let place = vertex.corner / vec2<f32>(length(x.xyz), length(y.xyz)) + vec2<f32>(x.w, y.w);
    let is_seen = f32(vertex.eye) == frame.views[view].ray_z.w;
    return vec4<f32>(select(vec2<f32>(0.0), place, is_seen), 1.0, 1.0);
}

@fragment
fn hidden_fragment() -> @location(0) vec4<f32> {
    return vec4<f32>(0.0, 0.0, 0.0, 1.0);
}

struct SkyVarying {
    @builtin(position) clip: vec4<f32>,
    @location(0) ndc: vec2<f32>,
}

// One triangle over the whole picture, infinitely far away.
@vertex
fn sky_vertex(@builtin(vertex_index) index: u32) -> SkyVarying {
    let ndc = vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 4.0 - 1.0;
    var out: SkyVarying;
    out.clip = vec4<f32>(ndc, 0.0, 1.0);
    out.ndc = ndc;
    return out;
}

// The way from the eye through the place, not of unit length.
fn ray(view: u32, ndc: vec2<f32>) -> vec3<f32> {
    return frame.views[view].ray_x.xyz * ndc.x + frame.views[view].ray_y.xyz * ndc.y + frame.views[view].ray_z.xyz;
}

@fragment
fn sky_fragment(in: SkyVarying, @builtin(view_index) view: u32) -> @location(0) vec4<f32> {
    return vec4<f32>(h_tone_mapped(sky_radiance(ray(view, in.ndc), 0.0)), 1.0);
}

// What is left of the light, by which everything behind is multiplied.
@fragment
fn veil_fragment(in: SkyVarying, @builtin(view_index) view: u32) -> @location(0) vec4<f32> {
    let to_eye = -normalize(ray(view, in.ndc));
    return vec4<f32>(0.0, 0.0, 0.0, saturate(dot(frame.veil.xyz, to_eye) + frame.veil.w) * frame.sun.w);
}
