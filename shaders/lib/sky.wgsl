// Light from the sky, out of nine spherical-harmonic coefficients that hold irradiance over pi
// (Ramamoorthi and Hanrahan, "An Efficient Representation for Irradiance Environment Maps", 2001).

fn h_sky_bands(n: vec3<f32>, linear_band: f32, quadratic_band: f32) -> vec3<f32> {
    let linear_part = frame.sky[1].xyz * n.y + frame.sky[2].xyz * n.z + frame.sky[3].xyz * n.x;
    let quadratic_part = frame.sky[4].xyz * (n.x * n.y) + frame.sky[5].xyz * (n.y * n.z)
        + frame.sky[6].xyz * (3.0 * n.z * n.z - 1.0) + frame.sky[7].xyz * (n.x * n.z)
        + frame.sky[8].xyz * (n.x * n.x - n.y * n.y);
    let light = frame.sky[0].xyz + linear_band * linear_part + quadratic_band * quadratic_part;
    return max(light, vec3<f32>(0.0));
}

// What a white diffuse surface that faces `n` sends back.
fn h_sky_diffuse(n: vec3<f32>) -> vec3<f32> {
    return h_sky_bands(n, 1.0, 1.0);
}

// What comes from direction `d`, blurred as a surface of this roughness would. A cosine lobe weakens
// the linear band to 2/3 and the quadratic band to 1/4; the sharper the lobe, the more is undone.
fn h_sky_radiance(d: vec3<f32>, roughness: f32) -> vec3<f32> {
    return h_sky_bands(d, 1.5 - 0.5 * roughness, 4.0 - 3.0 * roughness);
}
