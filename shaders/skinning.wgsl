// What moves by itself → where its vertices are in this frame, before the eye pass and once for both eyes.
// In: vertices at rest with their joints and morph targets (scene::motion::Moving), a job for each tile that is seen.
// Out: the tile's own place in the two vertex streams, on the frame's grid; the rest of the streams stays.
// Cost: one thread a vertex; four matrices of three rows, and three words for each morph target that is there.

// See scene::motion: five words a vertex, and after all vertices three words a vertex for each target.
@group(0) @binding(0) var<storage, read> rest: array<u32>;
// x: the first vertex in the streams, y: how many, z: the first word at rest, w: how many targets there are.
// Then x: which target, y: how much of it; then three rows for each joint.
@group(0) @binding(1) var<storage, read> job: array<vec4<u32>>;
// xy: as Position.
@group(0) @binding(2) var<storage, read_write> positions: array<vec2<u32>>;
// x: normal and tangent, octahedral; the others are as at rest.
@group(0) @binding(3) var<storage, read_write> attributes: array<vec4<u32>>;

const REST_WORDS = 5u;
const DELTA_WORDS = 3u;
// The grid's side in steps.
const STEPS = 65535.0;

// scene::mesh::octahedral_from_unit says it in Rust.
fn octahedral_from_unit(v: vec3<f32>) -> vec2<f32> {
    let p = v.xy / (abs(v.x) + abs(v.y) + abs(v.z));
    let side = select(vec2<f32>(-1.0), vec2<f32>(1.0), p >= vec2<f32>(0.0));
    return select((1.0 - abs(p.yx)) * side, p, v.z >= 0.0);
}

// Of unit length, or up where there is no direction.
fn direction(v: vec3<f32>) -> vec3<f32> {
    let length = length(v);
    return select(vec3<f32>(0.0, 1.0, 0.0), v / max(length, 1e-30), length > 1e-30);
}

@compute @workgroup_size(64)
fn skin_vertex(@builtin(global_invocation_id) thread: vec3<u32>) {
    let head = job[0];
    let vertex = thread.x;
    if vertex >= head.y {
        return;
    }
    let word = head.z + vertex * REST_WORDS;
    let high = rest[word + 1u];
    var place = vec3<f32>(vec3<u32>(rest[word] & 0xffffu, rest[word] >> 16u, high & 0xffffu));
    let turned = unpack4x8snorm(rest[word + 2u]);
    var normal = unit_from_octahedral(turned.xy);
    let tangent = unit_from_octahedral(turned.zw);

    let deltas = head.z + head.y * REST_WORDS;
    for (var i = 1u; i <= head.w; i++) {
        let target_and_weight = job[i];
        let delta = deltas + (target_and_weight.x * head.y + vertex) * DELTA_WORDS;
        let weight = bitcast<f32>(target_and_weight.y);
        let shift = vec3<f32>(unpack2x16snorm(rest[delta]), unpack2x16snorm(rest[delta + 1u]).x);
        place += weight * STEPS * shift;
        normal += weight * unpack4x8snorm(rest[delta + 2u]).xyz;
    }

    let weights = unpack4x8unorm(rest[word + 4u]);
    let joints = rest[word + 3u];
    var rows = mat3x4<f32>();
    for (var i = 0u; i < 4u; i++) {
        let row = 1u + head.w + 3u * ((joints >> (8u * i)) & 0xffu);
        rows += weights[i] * mat3x4<f32>(
            bitcast<vec4<f32>>(job[row]),
            bitcast<vec4<f32>>(job[row + 1u]),
            bitcast<vec4<f32>>(job[row + 2u]),
        );
    }
    let moved = vec4<f32>(place, 1.0) * rows;
    let grid = vec3<u32>(clamp(round(moved), vec3<f32>(0.0), vec3<f32>(STEPS)));
    // Cofactors turn normals rightly for every matrix.
    let cofactors = vec3<f32>(
        dot(cross(rows[1].xyz, rows[2].xyz), normal),
        dot(cross(rows[2].xyz, rows[0].xyz), normal),
        dot(cross(rows[0].xyz, rows[1].xyz), normal),
    );
    let along = vec3<f32>(dot(rows[0].xyz, tangent), dot(rows[1].xyz, tangent), dot(rows[2].xyz, tangent));
    let packed = vec4<f32>(octahedral_from_unit(direction(cofactors)), octahedral_from_unit(direction(along)));

    let out = head.x + vertex;
    positions[out] = vec2<u32>(grid.x | (grid.y << 16u), grid.z | (high & 0xffff0000u));
    attributes[out].x = pack4x8snorm(packed);
}
