// The unit vector behind two snorm bytes; scene::mesh::unit_from_octahedral says it in Rust
// (Cigolla et al., "A Survey of Efficient Representations for Independent Unit Vectors", 2014).
fn unit_from_octahedral(p: vec2<f32>) -> vec3<f32> {
    let z = 1.0 - abs(p.x) - abs(p.y);
    // Where there is something to fold neither is 0.
    return normalize(vec3<f32>(p - sign(p) * max(-z, 0.0), z));
}
