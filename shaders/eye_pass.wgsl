// The world, once for both eyes.
// In: two vertex streams, one instance per tile and per actor, all materials, two texture arrays.
// Out: display light with premultiplied alpha; depth, 1 at the near plane and 0 at infinity.
// Cost: seven texture reads, of which slots without an image read one cached texel and the sky is small; the
// most of them, and with them the tangents, are left out where a draw has no images of a kind. The vertex shader
// looks at the view for the position only, so that a tiler transforms once for both eyes.

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
}

struct Varying {
    @builtin(position) clip: vec4<f32>,
    @location(0) world: vec3<f32>,
    @location(1) normal: vec3<f32>,
    // w: the bitangent's sign.
    @location(2) tangent: vec4<f32>,
    @location(3) uv: vec4<f32>,
    @location(4) color: vec4<f32>,
    // The material, and above its 16 bits the instance's layer.
    @location(5) @interpolate(flat) material_and_layer: u32,
}

@group(1) @binding(0) var color_textures: texture_2d_array<f32>;
@group(1) @binding(1) var data_textures: texture_2d_array<f32>;
@group(1) @binding(2) var surface_sampler: sampler;

// scene::AlphaMode: 0 opaque, 1 mask, 2 blend.
override alpha_mode: u32 = 0u;
// Whether a mask's edge becomes coverage of the pixel's samples; else it cuts whole pixels.
override has_samples: bool = true;
// Whether back faces are drawn too.
override two_sided: bool = true;
// Whether the materials may have images among the colours, and among the data.
override has_colors: bool = true;
override has_data: bool = true;

@vertex
fn surface_vertex(vertex: Vertex, @builtin(view_index) view: u32) -> Varying {
    let grid = vec4<f32>(vec3<f32>(vertex.grid.xyz), 1.0);
    let world = vec3<f32>(dot(vertex.row_x, grid), dot(vertex.row_y, grid), dot(vertex.row_z, grid));
    // Directions are given in the grid's axes but in metres: only the turn applies, not the scale.
    let squares = vertex.row_x.xyz * vertex.row_x.xyz + vertex.row_y.xyz * vertex.row_y.xyz
        + vertex.row_z.xyz * vertex.row_z.xyz;
    let unscaled = inverseSqrt(max(squares, vec3<f32>(1e-20)));
    let normal = unit_from_octahedral(vertex.normal_tangent.xy) * unscaled;
    let tangent = unit_from_octahedral(vertex.normal_tangent.zw) * unscaled;
    let index = min(vertex.grid.w >> 1u, 1023u);
    let uv_offset = materials[index].uv_offset;
    let uv_scale = materials[index].uv_scale;

    var out: Varying;
    out.clip = frame.views[view].clip_from_world * vec4<f32>(world, 1.0);
    out.world = world;
    out.normal = vec3<f32>(dot(vertex.row_x.xyz, normal), dot(vertex.row_y.xyz, normal), dot(vertex.row_z.xyz, normal));
    out.tangent = vec4<f32>(
        dot(vertex.row_x.xyz, tangent),
        dot(vertex.row_y.xyz, tangent),
        dot(vertex.row_z.xyz, tangent),
        select(-1.0, 1.0, (vertex.grid.w & 1u) == 1u),
    );
    out.uv = vertex.uv * uv_scale.xyxy + uv_offset.xyxy;
    out.color = vertex.color * vertex.tint;
    out.material_and_layer = index | (vertex.layer << 16u);
    return out;
}

// Alpha as the fraction of the pixel that is there: a ramp one pixel wide around the cutoff.
fn coverage(alpha: f32, cutoff: f32) -> f32 {
    return saturate((alpha - cutoff) / max(fwidth(alpha), 1e-4) + 0.5);
}

// What of the material the textures change. A slot whose image is not there reads as white.
fn h_base_color(m: u32, flags: u32, texel: vec4<f32>, color: vec4<f32>) -> vec4<f32> {
    return h_unpack_halves(materials[m].base_color) * color * select(vec4<f32>(1.0), texel, has(flags, HAS_BASE_COLOR));
}

fn h_surface(m: u32, flags: u32, base: vec3<f32>, blue_green: vec2<f32>, red: f32) -> Surface {
    let factors = vec2<f32>(materials[m].metallic, materials[m].roughness);
    let texel = select(vec2<f32>(1.0), blue_green, has(flags, HAS_METALLIC_ROUGHNESS));
    let unoccluded = select(1.0, red, has(flags, HAS_OCCLUSION));
    var surface: Surface;
    surface.base_color = base;
    surface.metallic = factors.x * texel.x;
    surface.roughness = factors.y * texel.y;
    surface.occlusion = 1.0 + materials[m].occlusion_strength * (unoccluded - 1.0);
    return surface;
}

fn h_emissive(m: u32, flags: u32, texel: vec3<f32>) -> vec3<f32> {
    return h_unpack_halves(materials[m].emissive_and_cutoff).rgb * select(vec3<f32>(1.0), texel, has(flags, HAS_EMISSIVE));
}

// The normal, not of unit length, turned as the normal map says.
fn h_turned(m: u32, flags: u32, texel: vec2<f32>, normal: vec3<f32>, tangent: vec4<f32>) -> vec3<f32> {
    if !has_data {
        return normal;
    }
    // Chosen, not scaled, away where there is no normal map: an anisotropic read at coordinates that
    // never change may be no number at all.
    let bump = select(vec2<f32>(0.0), (texel * 2.0 - 1.0) * materials[m].normal_scale, has(flags, HAS_NORMAL));
    let up = sqrt(saturate(1.0 - dot(bump, bump)));
    return bump.x * tangent.xyz + (bump.y * tangent.w) * cross(normal, tangent.xyz) + up * normal;
}

fn h_display(flags: u32, unlit: vec3<f32>, light: vec3<f32>, share: f32) -> vec3<f32> {
    return select(h_tone_mapped(light), unlit, has(flags, UNLIT)) * share;
}

@fragment
fn surface_fragment(in: Varying, @builtin(front_facing) is_front: bool, @builtin(view_index) view: u32) -> @location(0) vec4<f32> {
    let m = in.material_and_layer & 0xffffu;
    let layer = in.material_and_layer >> 16u;
    let flags = materials[m].flags;
    let layers_0 = materials[m].layers_0;
    let layers_1 = materials[m].layers_1;
    let uv = in.uv;
    var base_texel = vec4<f32>(1.0);
    var emissive_texel = vec3<f32>(1.0);
    if has_colors {
        base_texel = textureSample(color_textures, surface_sampler,
            select(uv.xy, uv.zw, has(flags, UV1_BASE_COLOR)), (layers_0 & 0xffffu) + layer);
        emissive_texel = textureSample(color_textures, surface_sampler,
            select(uv.xy, uv.zw, has(flags, UV1_EMISSIVE)), (materials[m].layers_2 & 0xffffu) + layer).rgb;
    }
    var roughness_texel = vec2<f32>(1.0);
    var normal_texel = vec2<f32>(0.5);
    var occlusion_texel = 1.0;
    if has_data {
        roughness_texel = textureSample(data_textures, surface_sampler,
            select(uv.xy, uv.zw, has(flags, UV1_METALLIC_ROUGHNESS)), layers_0 >> 16u).bg;
        normal_texel = textureSample(data_textures, surface_sampler,
            select(uv.xy, uv.zw, has(flags, UV1_NORMAL)), layers_1 & 0xffffu).xy;
        occlusion_texel = textureSample(data_textures, surface_sampler,
            select(uv.xy, uv.zw, has(flags, UV1_OCCLUSION)), layers_1 >> 16u).r;
    }

    let base = h_base_color(m, flags, base_texel, in.color);
    let emissive_and_cutoff = h_unpack_halves(materials[m].emissive_and_cutoff);
    var n = normalize(h_turned(m, flags, normal_texel, in.normal, in.tangent));
    if two_sided {
        n = select(-n, n, is_front);
    }
    let v = normalize(frame.views[view].eye.xyz - in.world);
    let surface = h_surface(m, flags, base.rgb, roughness_texel, occlusion_texel);
    let alpha_squared = steadied_alpha_squared(surface.roughness, in.normal);
    let roughness = sqrt(sqrt(alpha_squared));
    let angles = angles(n, v, alpha_squared);
    let emissive = h_emissive(m, flags, emissive_texel);
    let light = h_radiance(surface, roughness, angles, sky_diffuse(n), sky_radiance(reflect(-v, n), roughness)) + emissive;
    let color = h_display(flags, base.rgb + emissive, light, unveiled(v));

    if alpha_mode == 1u {
        let covered = coverage(base.a, emissive_and_cutoff.a);
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
    let is_seen = f32(vertex.eye) == frame.views[view].eye.w;
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

@fragment
fn sky_fragment(in: SkyVarying, @builtin(view_index) view: u32) -> @location(0) vec4<f32> {
    let ray = frame.views[view].ray_x.xyz * in.ndc.x + frame.views[view].ray_y.xyz * in.ndc.y
        + frame.views[view].ray_z.xyz;
    let d = normalize(ray);
    return vec4<f32>(h_tone_mapped(sky_radiance(d, 0.0)) * unveiled(-d), 1.0);
}
