// The unit vector behind two snorm bytes; scene::mesh::unit_from_octahedral says it in Rust
// (Cigolla et al., "A Survey of Efficient Representations for Independent Unit Vectors", 2014).
fn unit_from_octahedral(p: vec2<f32>) -> vec3<f32> {
    let z = 1.0 - abs(p.x) - abs(p.y);
    let fold = max(-z, 0.0);
    let side = select(vec2<f32>(-1.0), vec2<f32>(1.0), p >= vec2<f32>(0.0));
    return normalize(vec3<f32>(p - side * fold, z));
}
