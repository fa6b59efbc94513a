//! A tile's GLB read back by other people's code.

use glam::Vec3;
use serde_json::Value;

use crate::host::bake::Baked;
use crate::scene::tileset::Tile;

pub struct Part {
    pub entity: Option<String>,
    pub indices: Vec<u16>,
}

pub struct Decoded {
    pub json: Value,
    pub positions: Vec<Vec3>,
    pub normals: Vec<Vec3>,
    pub uvs: [Vec<[f32; 2]>; 2],
    pub parts: Vec<Part>,
}

impl Decoded {
    pub fn of(baked: &Baked, tile: &Tile) -> Self {
        Self::read(&baked.blobs[tile.content.unwrap().index()].bytes)
    }

    pub fn read(glb: &[u8]) -> Self {
        let word = |at: usize| u32::from_le_bytes(glb[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!((&glb[..4], word(8)), (&b"glTF"[..], glb.len()));
        let json_end = 20 + word(12);
        let json: Value = serde_json::from_slice(&glb[20..json_end]).unwrap();
        let binary = &glb[json_end + 8..];
        let node = &json["nodes"][0];
        let vector = |value: &Value| {
            let numbers: Vec<f32> =
                value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect();
            Vec3::from_slice(&numbers)
        };
        let (translation, scale) = (vector(&node["translation"]), vector(&node["scale"]));
        let attributes = &json["meshes"][0]["primitives"][0]["attributes"];
        let positions = attribute::<[u16; 4]>(&json, binary, &attributes["POSITION"]);
        let normals = attribute::<[i8; 4]>(&json, binary, &attributes["NORMAL"]);
        let uv = |name: &str| {
            let uvs = attribute::<[u16; 2]>(&json, binary, &attributes[name]);
            uvs.into_iter().map(|uv| uv.map(|x| f32::from(x) / 65_535.0)).collect()
        };
        let uvs = [uv("TEXCOORD_0"), uv("TEXCOORD_1")];
        let mut parts = Vec::new();
        for node in json["nodes"].as_array().unwrap() {
            assert_eq!((vector(&node["translation"]), vector(&node["scale"])), (translation, scale));
            let mesh = &json["meshes"][number(&node["mesh"])];
            for primitive in mesh["primitives"].as_array().unwrap() {
                assert_eq!(&primitive["attributes"], attributes, "vertices are shared");
                parts.push(Part {
                    entity: node["extras"]["entity"].as_str().map(str::to_owned),
                    indices: indices(&json, binary, &primitive["indices"]),
                });
            }
        }
        let place = |[x, y, z, _]: [u16; 4]| {
            translation + Vec3::new(f32::from(x), f32::from(y), f32::from(z)) / 65_535.0 * scale
        };
        let direction = |[x, y, z, _]: [i8; 4]| Vec3::new(f32::from(x), f32::from(y), f32::from(z)) / 127.0;
        Self {
            positions: positions.into_iter().map(place).collect(),
            normals: normals.into_iter().map(direction).collect(),
            uvs,
            parts,
            json,
        }
    }

    pub fn triangles(&self) -> Vec<[Vec3; 3]> {
        let corner = |index: u16| self.positions[usize::from(index)];
        let indices = self.parts.iter().flat_map(|part| part.indices.as_chunks::<3>().0);
        indices.map(|triangle| triangle.map(corner)).collect()
    }
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

/// The encoded bytes of an accessor's view, with its number of elements.
fn encoded<'a>(
    json: &Value,
    binary: &'a [u8],
    accessor: &Value,
    mode: &str,
    stride: usize,
) -> (&'a [u8], usize) {
    let view = &json["bufferViews"][number(&accessor["bufferView"])];
    let extension = &view["extensions"]["EXT_meshopt_compression"];
    assert_eq!(extension["mode"], mode);
    let (count, start) = (number(&extension["count"]), number(&extension["byteOffset"]));
    assert_eq!(number(&extension["byteStride"]), stride);
    assert_eq!(number(&view["byteLength"]), count * stride);
    (&binary[start..start + number(&extension["byteLength"])], count)
}

fn attribute<T: Clone + Default>(json: &Value, binary: &[u8], accessor: &Value) -> Vec<T> {
    if accessor.is_null() {
        return Vec::new();
    }
    let accessor = &json["accessors"][number(accessor)];
    assert_eq!(accessor["normalized"], true);
    let (bytes, count) = encoded(json, binary, accessor, "ATTRIBUTES", size_of::<T>());
    // EXT_meshopt_compression, appendix A: exactly this byte, which is vertex codec 0.
    assert_eq!(bytes[0], 0xa0);
    meshopt::decode_vertex_buffer(bytes, count).unwrap()
}

fn indices(json: &Value, binary: &[u8], accessor: &Value) -> Vec<u16> {
    let accessor = &json["accessors"][number(accessor)];
    let (bytes, count) = encoded(json, binary, accessor, "TRIANGLES", 2);
    assert_eq!(bytes[0], 0xe1);
    let all: Vec<u16> = meshopt::decode_index_buffer(bytes, count).unwrap();
    let first = number(&accessor["byteOffset"]) / 2;
    all[first..first + number(&accessor["count"])].to_vec()
}
