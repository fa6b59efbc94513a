//! Every ceiling on content that comes from outside, in one table, with the arithmetic.

/// A whole glTF source file or one of its buffers. Bake reads them whole; 2 GiB keeps every offset in
/// 32 bits and a 24 GiB machine alive.
pub const SOURCE_BYTES_MAX: usize = 2 << 30;

/// One blob on the wire: a tile of 65 535 vertices is at most 65 535 × 24 B + 4 MiB of indices, an
/// image of 4096² rarely above 20 MB.
pub const BLOB_BYTES_MAX: usize = 32 << 20;

/// The JSON of one glTF file: 200 000 nodes at 300 B.
pub const JSON_BYTES_MAX: usize = 64 << 20;

/// Nesting of the JSON; real files stay below 20.
pub const JSON_DEPTH_MAX: usize = 128;

/// Entries of any one glTF array (nodes, accessors, ...).
pub const ARRAY_LEN_MAX: usize = 1_000_000;

/// Nodes from a scene's root to a leaf; exporters stay below 50.
pub const NODE_DEPTH_MAX: usize = 256;

/// Elements of one accessor: 64 Mi vertices are 768 MB of positions.
pub const ACCESSOR_LEN_MAX: usize = 64 << 20;

/// Places of instanced meshes in one file: each becomes a node of 300 B, 79 MB.
pub const INSTANCES_MAX: usize = 1 << 18;

/// Points and pieces of lines, each counted where it is shown: 16 Mi at 60 B are 1 GB while they are baked, and 4096
/// tiles.
pub const MARKS_MAX: usize = 16 << 20;

/// Tiles of a tileset that is baked, those without content too: a 3D Tiles source of 2 GiB has a file of 8 KB for each.
pub const SOURCE_TILES_MAX: usize = 1 << 18;

/// Levels of a subtree of an implicit quadtree: 4^12 bits are 2 MB. Those of octrees are two thirds as many.
pub const SUBTREE_LEVELS_MAX: usize = 12;

/// Levels of an implicit tiling: half the Earth by 2^31 is a centimetre.
pub const IMPLICIT_LEVELS_MAX: usize = 32;

/// How often the accessors of a file may read each byte of its views, on average. Exporters let each be
/// read once; a small file cannot keep its reader busy.
pub const ACCESSOR_OVERLAP_MAX: usize = 16;

/// Elements of accessors without a view, which are zeros: morph targets of 4 Mi vertices that only
/// sparse values move, at 16 B.
pub const ZEROS_BYTES_MAX: usize = 64 << 20;

/// Width or height of an image, pixels: 4096² RGBA8 with mips is 89 MB.
pub const IMAGE_SIDE_MAX: u32 = 4096;

/// Width or height of a texture on the GPU, pixels, as a power of two: 2^11 = 2048.
pub const TEXTURE_SIDE_LOG2_MAX: u8 = 11;

/// Vertices of a tile: indices are 16 bit, and 65 535 is kept free.
pub const TILE_VERTICES_MAX: usize = 65_535;

/// Indices of a tile: four triangles a vertex is twice what closed meshes have.
pub const TILE_INDICES_MAX: usize = TILE_VERTICES_MAX * 12;

/// Chunks of a tile.
pub const TILE_CHUNKS_MAX: usize = 1024;

/// The JSON of a tile: a node, a primitive, an accessor and two views for each of 1024 chunks are
/// 1 KiB a chunk, and materials as much again.
pub const TILE_JSON_BYTES_MAX: usize = 4 << 20;

/// Entries of any one array in a tile's JSON: two buffer views a chunk, and those of the vertices.
pub const TILE_ARRAY_LEN_MAX: usize = 4096;

/// Tiles of a tileset: 32 768 × 64 B of manifest is 2 MB.
pub const TILES_MAX: usize = 32_768;

/// Tiles from a tree's root to a leaf. Bake halves: forty halls of 26 million triangles are 14 deep. What arrives is
/// counted in everything above it, in every place where it stands.
pub const TREE_DEPTH_MAX: usize = 64;

/// Blobs of a tileset: one a tile and as many images.
pub const BLOBS_MAX: usize = 65_536;

/// Pieces of the ground: one a cell, of which there are at most an eighth of the tiles.
pub const COLLIDERS_MAX: usize = TILES_MAX / 8;

/// Parts of the twin that stand there several times.
pub const PROTOTYPES_MAX: usize = 256;

/// Places where they stand.
pub const PLACEMENTS_MAX: usize = 4096;

/// Tiles, counted where they stand: culling remembers 4 bytes of each, 2 MiB. Forty halls of 26 million triangles are
/// 366 000.
pub const PLACED_TILES_MAX: usize = 1 << 19;

/// Pieces of the ground, counted where they lie: 72 bytes each in all are 9 MiB.
pub const PLACED_COLLIDERS_MAX: usize = 1 << 17;

/// Triangles of one of them: three times those of the cell that it is made from. Its tree of boxes is
/// 64 bytes a triangle, 4 MiB.
pub const COLLIDER_TRIANGLES_MAX: usize = 65_536;

/// Things to take in the hand; each is a body that may have to be moved.
pub const PROPS_MAX: usize = 256;

/// Parts of the twin that move by themselves; each has a posture that is worked out in every frame in which it is
/// seen.
pub const MOVERS_MAX: usize = 512;

/// Bones of a part that moves: a figure with fingers and a face has 200.
pub const BONES_MAX: usize = 1024;

/// Bones that vertices of a part follow: they are named by a byte.
pub const JOINTS_MAX: usize = 256;

/// Bones whose place is worked out in one frame: some hundred figures. What is beyond is not drawn.
pub const BONES_PER_FRAME_MAX: usize = 1 << 14;

/// Numbers of all animations of a file, each channel counted, whether or not they share their keys: an hour of a
/// figure of 100 bones at 30 keys a second is 32 million. As floats 256 MB.
pub const ANIMATION_NUMBERS_MAX: usize = 1 << 26;

/// Morph targets of a part that moves: faces have 52.
pub const MORPH_TARGETS_MAX: usize = 64;

/// How morph targets move vertices, bytes of a tile: 52 targets of 12 000 vertices at 12 B.
pub const MORPH_BYTES_MAX: usize = 8 << 20;

/// Properties of materials that change over time.
pub const MATERIAL_TRACKS_MAX: usize = 1024;

/// Numbers of all of those: two hours at one key a second of four.
pub const MATERIAL_TRACK_NUMBERS_MAX: usize = 1 << 18;

/// Materials of a tileset. With the five of the built-in shapes they are 1024, which at 64 B each fill
/// one 64 KiB uniform buffer, the smallest maximum that Vulkan devices report in practice.
pub const MATERIALS_MAX: usize = 1019;

/// Images of a tileset, counted once for each colour space they are used in.
pub const IMAGES_MAX: usize = 4096;

/// Entities of a tileset.
pub const ENTITIES_MAX: usize = 65_536;

/// Values of all properties in a file's metadata: 16 of each entity, at 40 B.
pub const PROPERTY_VALUES_MAX: usize = ENTITIES_MAX * 16;

/// Places in a tileset that sound.
pub const SOUNDS_MAX: usize = 256;

/// Clips of a tileset: one a sound.
pub const CLIPS_MAX: usize = SOUNDS_MAX;

/// Frames of a clip at 48 kHz: a minute, in stereo and 16 bits 11.5 MB, is below [`BLOB_BYTES_MAX`].
pub const CLIP_FRAMES_MAX: u32 = 48_000 * 60;

/// A WAV that bake reads: a minute of stereo floats at 192 kHz is 92 MB.
pub const SOUND_SOURCE_BYTES_MAX: usize = 96 << 20;

/// How near a sound is as loud as it gets at least, metres: within, the inverse law grows without end.
pub const SOUND_INNER_METRES_MIN: f32 = 0.1;

/// How far a sound may be heard, metres.
pub const SOUND_RADIUS_METRES_MAX: f32 = 1000.0;

/// Bytes of any name: entity ids, titles.
pub const NAME_BYTES_MAX: usize = 256;

/// The manifest: tiles, blobs, materials and entities at their ceilings stay below this.
pub const MANIFEST_BYTES_MAX: usize = 16 << 20;

/// Half the side of the world, metres: beyond it an f32 tells less than 4 mm apart.
pub const WORLD_RADIUS_METRES: f32 = 32_768.0;
