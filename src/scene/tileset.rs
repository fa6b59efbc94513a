//! What the twin holds: the tree of tiles and the tables that they share.
//!
//! On the wire it is the manifest. [`Tables`] is what was read; [`Tileset`] is what was checked, and
//! the only form that the rest of the program sees.

use glam::Vec3;
use serde::{Deserialize, Serialize};

use super::collider::{self, ColliderCell};
use super::entity::Entity;
use super::material::MaterialTrack;
use super::mover::{self, Mover};
use super::placement::{self, Ground, Placement, Places, Prototype};
use super::prop::{self, Prop};
use super::sound::{self, Clip, Sound};
use super::texture::{Image, Tail};
use super::{BlobId, ColliderId, ContentError, ContentHash, ImageId, Material, PropId, TileId, limits};
use crate::math::{Aabb, Pose};

/// No number of a material is larger over time: the GPU has them as halves.
const TRACK_NUMBER_MAX: f32 = 60_000.0;

/// A node of the tree. Its children, drawn together, replace it (3D Tiles: `refine: REPLACE`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    /// Holds the tile's geometry and all that is below it, metres.
    pub bounds: Aabb,
    /// How far the tile's surface is from the finest one, metres; 0 for the finest.
    pub geometric_error_metres: f32,
    /// Where its children begin in the table of tiles: always after the tile itself.
    pub first_child: u32,
    /// How many there are.
    pub child_count: u32,
    /// The GLB; `None` for a tile that only groups others.
    pub content: Option<BlobId>,
    /// The images that its materials use.
    pub images: Vec<ImageId>,
    /// Triangles in the content.
    pub triangle_count: u32,
    /// Draws that all of it takes: one for each of its batches.
    pub draw_count: u32,
}

impl Tile {
    /// Its children.
    pub fn children(&self) -> impl Iterator<Item = TileId> + use<> {
        (self.first_child..self.first_child + self.child_count).map(TileId)
    }

    /// What it will occupy on the GPU, without its images, roughly: closed meshes have half a vertex (24 bytes) and
    /// three indices (2 bytes) a triangle, cut and textured ones a little more.
    pub fn expected_bytes(&self) -> u64 {
        u64::from(self.triangle_count) * 24
    }
}

/// Bytes that can be asked for by their hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// Their name.
    pub hash: ContentHash,
    /// How many there are.
    pub size_bytes: u32,
}

/// The light that falls on everything: one sun, and a sky as spherical harmonics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Light {
    /// Where the sun is: a unit vector towards it.
    pub to_sun: Vec3,
    /// Irradiance of the sun on a surface that faces it, linear RGB.
    pub sun: Vec3,
    /// Irradiance of the sky over π, linear RGB, as nine coefficients with their constants folded
    /// in: value(n) = c0 + c1·y + c2·z + c3·x + c4·xy + c5·yz + c6·(3z²−1) + c7·xz + c8·(x²−y²)
    /// (Ramamoorthi and Hanrahan, "An Efficient Representation for Irradiance Environment Maps", 2001).
    pub sky: [Vec3; 9],
}

impl Default for Light {
    /// A bright overcast noon: soft sun from the upper left, cool zenith, warm floor bounce.
    fn default() -> Self {
        let mut sky = [Vec3::ZERO; 9];
        sky[0] = Vec3::new(0.62, 0.66, 0.72);
        sky[1] = Vec3::new(0.20, 0.25, 0.33);
        sky[2] = Vec3::new(0.03, 0.03, 0.03);
        sky[3] = Vec3::new(-0.04, -0.03, -0.02);
        Self {
            to_sun: Vec3::new(-0.45, 0.80, 0.40).normalize_or(Vec3::Y),
            sun: Vec3::new(2.4, 2.25, 2.05),
            sky,
        }
    }
}

/// A tileset as it was read: nothing in it has been checked yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tables {
    /// What the venue calls itself.
    pub title: String,
    /// Where a visitor's feet first stand and where they look; `None`: chosen from the bounds.
    pub spawn: Option<Pose>,
    /// The light.
    pub light: Light,
    /// Parents before children; the first is the root. After the tree those of the prototypes, and then one for
    /// each prop.
    pub tiles: Vec<Tile>,
    /// Everything that can be fetched.
    pub blobs: Vec<Blob>,
    /// Every image.
    pub images: Vec<Image>,
    /// Every material.
    pub materials: Vec<Material>,
    /// Every entity, sorted by id.
    pub entities: Vec<Entity>,
    /// What is known of them ([`super::entity::read_records`]).
    pub records: Option<BlobId>,
    /// What stops and carries people, in pieces: those of the prototypes, each in its own space, come last.
    pub colliders: Vec<ColliderCell>,
    /// What stands there several times.
    pub prototypes: Vec<Prototype>,
    /// Where, sorted by the tile.
    pub placements: Vec<Placement>,
    /// What moves by itself.
    pub movers: Vec<Mover>,
    /// What of materials changes over time; each of another property.
    pub material_tracks: Vec<MaterialTrack>,
    /// Things to take in the hand. The last of the tiles are theirs.
    pub props: Vec<Prop>,
    /// Everything that can be heard.
    pub clips: Vec<Clip>,
    /// Where it is heard.
    pub sounds: Vec<Sound>,
    /// What is shown of images at first, sorted by the image. The last table: a manifest of before it has none.
    pub tails: Vec<Tail>,
}

impl Tables {
    /// Where the tiles of trees end, and those begin that are no part of one.
    pub fn tree_end(&self) -> usize {
        let levels = self.movers.iter().map(|mover| mover.level_count as usize);
        let loose = levels.fold(self.props.len(), usize::saturating_add);
        self.tiles.len().saturating_sub(loose)
    }
}

/// A tileset that holds together: every index is in range, every tile but the root has one parent,
/// every number is finite, children lie in their parents and are finer.
#[derive(Clone, Debug, PartialEq)]
pub struct Tileset {
    tables: Tables,
    places: Places,
}

impl TryFrom<Tables> for Tileset {
    type Error = ContentError;

    fn try_from(tables: Tables) -> Result<Self, ContentError> {
        check_sizes(&tables)?;
        prop::check_props(&tables.props, &tables.tiles, tables.entities.len())?;
        check_tree(tables.tiles.get(..placement::main_tile_count(&tables)).unwrap_or_default(), 0)?;
        placement::check(&tables)?;
        mover::check(&tables, tables.tree_end())?;
        check_material_tracks(&tables)?;
        for (index, tile) in tables.tiles.iter().enumerate() {
            check_references(index, tile, &tables)?;
        }
        for (index, image) in tables.images.iter().enumerate() {
            if image.blob.index() >= tables.blobs.len() || image.side_log2 > limits::TEXTURE_SIDE_LOG2_MAX {
                return Err(ContentError::malformed(
                    format!("image {index}"),
                    "its blob or its size is out of range",
                ));
            }
        }
        check_tails(&tables)?;
        for (index, material) in tables.materials.iter().enumerate() {
            let slots = [material.textures(), material.drawn_textures()];
            let images_exist =
                slots.iter().flatten().flatten().all(|slot| slot.image.index() < tables.images.len());
            if !images_exist || !material.is_valid() || !has_one_side(material, &tables.images) {
                return Err(ContentError::malformed(
                    format!("material {index}"),
                    "an image or a number of it is out of range, or its images differ in size",
                ));
            }
        }
        check_entities(&tables.entities)?;
        if tables.records.is_some_and(|blob| blob.index() >= tables.blobs.len()) {
            return Err(ContentError::malformed("records", "their blob is out of range"));
        }
        collider::check_cells(&tables.colliders, tables.blobs.len())?;
        sound::check_clips(&tables.clips, tables.blobs.len())?;
        sound::check_sounds(&tables.sounds, &tables.clips, tables.entities.len())?;
        let light = &tables.light;
        let numbers_ok =
            light.to_sun.is_normalized() && light.sun.is_finite() && light.sky.iter().all(|c| c.is_finite());
        let spawn_ok = tables.spawn.is_none_or(|pose| {
            pose.position.is_finite()
                && pose.position.length() <= limits::WORLD_RADIUS_METRES
                && pose.orientation.is_normalized()
        });
        if !numbers_ok || !spawn_ok {
            return Err(ContentError::malformed("light or spawn", "a number of it is out of range"));
        }
        Ok(Self { places: Places::new(&tables), tables })
    }
}

fn check_sizes(tables: &Tables) -> Result<(), ContentError> {
    let check = |what, count, limit| ContentError::check("tileset", what, count, limit);
    check("tiles", tables.tiles.len(), limits::TILES_MAX)?;
    check("blobs", tables.blobs.len(), limits::BLOBS_MAX)?;
    check("images", tables.images.len(), limits::IMAGES_MAX)?;
    check("materials", tables.materials.len(), limits::MATERIALS_MAX)?;
    check("entities", tables.entities.len(), limits::ENTITIES_MAX)?;
    check("bytes of title", tables.title.len(), limits::NAME_BYTES_MAX)?;
    let largest = tables.blobs.iter().map(|blob| blob.size_bytes as usize).max().unwrap_or(0);
    check("bytes of blob", largest, limits::BLOB_BYTES_MAX)
}

fn check_tails(tables: &Tables) -> Result<(), ContentError> {
    let is_sorted = tables.tails.is_sorted_by(|a, b| a.image < b.image);
    let exist =
        |tail: &Tail| tail.image.index() < tables.images.len() && tail.blob.index() < tables.blobs.len();
    if is_sorted && tables.tails.iter().all(exist) {
        return Ok(());
    }
    Err(ContentError::malformed("tails", "an image or a blob of them is out of range or out of order"))
}

fn check_material_tracks(tables: &Tables) -> Result<(), ContentError> {
    let tracks = &tables.material_tracks;
    ContentError::check("tileset", "material tracks", tracks.len(), limits::MATERIAL_TRACKS_MAX)?;
    let numbers = tracks.iter().map(|track| track.curve.values().len()).fold(0, usize::saturating_add);
    ContentError::check("tileset", "numbers of tracks", numbers, limits::MATERIAL_TRACK_NUMBERS_MAX)?;
    for (index, track) in tracks.iter().enumerate() {
        let is_right = track.material.index() < tables.materials.len()
            && track.curve.is_valid()
            && track.curve.width() == track.property.width()
            && track.curve.values().iter().all(|value| value.abs() <= TRACK_NUMBER_MAX)
            && (0.0..=1e6).contains(&track.period_seconds);
        if !is_right {
            return Err(ContentError::malformed(
                format!("material track {index}"),
                "its material or a number of it is out of range",
            ));
        }
    }
    Ok(())
}

/// Parents before children and each tile the child of exactly one: together, no cycles. The root is the tile
/// `first` of the whole table.
pub(super) fn check_tree(tiles: &[Tile], first: usize) -> Result<(), ContentError> {
    let bad =
        |index: usize, reason: &str| Err(ContentError::malformed(format!("tile {}", first + index), reason));
    if tiles.is_empty() {
        return Err(ContentError::malformed("tileset", "it has no root tile"));
    }
    let mut expected_child = 1;
    for (index, tile) in tiles.iter().enumerate() {
        if tile.child_count == 0 {
            continue;
        }
        if tile.first_child as usize != first + expected_child || expected_child <= index {
            return bad(index, "its children do not follow those of the tile before it");
        }
        expected_child = expected_child.saturating_add(tile.child_count as usize);
        if expected_child > tiles.len() {
            return bad(index, "its children are out of range");
        }
    }
    if expected_child != tiles.len() {
        return bad(expected_child, "it has no parent");
    }
    let mut depths = vec![1_usize; tiles.len()];
    for (index, tile) in tiles.iter().enumerate() {
        let depth = depths[index];
        ContentError::check("tileset", "tiles above each other", depth, limits::TREE_DEPTH_MAX)?;
        let reach = tile.bounds.min.abs().max(tile.bounds.max.abs()).max_element();
        if !tile.bounds.is_valid() || reach > limits::WORLD_RADIUS_METRES {
            return bad(index, "its bounds are empty or out of range");
        }
        if !(0.0..=limits::WORLD_RADIUS_METRES).contains(&tile.geometric_error_metres) {
            return bad(index, "its geometric error is out of range");
        }
        for child in tile.children() {
            let place = child.index().checked_sub(first).filter(|&place| place < tiles.len());
            let Some(place) = place else { return bad(index, "its children are out of range") };
            let child = &tiles[place];
            depths[place] = depth + 1;
            if child.geometric_error_metres > tile.geometric_error_metres {
                return bad(index, "a child of it is coarser than itself");
            }
            if !tile.bounds.contains(child.bounds, 1e-3) {
                return bad(index, "a child of it lies outside of it");
            }
        }
    }
    Ok(())
}

fn check_references(index: usize, tile: &Tile, tables: &Tables) -> Result<(), ContentError> {
    let blob_exists = tile.content.is_none_or(|blob| blob.index() < tables.blobs.len());
    let images_exist = tile.images.iter().all(|image| image.index() < tables.images.len());
    if blob_exists && images_exist && tile.images.len() <= limits::IMAGES_MAX {
        return Ok(());
    }
    Err(ContentError::malformed(format!("tile {index}"), "its content or an image of it is out of range"))
}

/// Whether the images that a material is drawn with have one size: they are read from one array for each space.
fn has_one_side(material: &Material, images: &[Image]) -> bool {
    let used =
        || material.drawn_textures().into_iter().flatten().filter_map(|slot| images.get(slot.image.index()));
    used().all(|image| used().all(|other| other.side_log2 == image.side_log2))
}

fn check_entities(entities: &[Entity]) -> Result<(), ContentError> {
    for (index, entity) in entities.iter().enumerate() {
        if entity.id.is_empty() || entity.id.len() > limits::NAME_BYTES_MAX || !entity.bounds.is_valid() {
            return Err(ContentError::malformed(
                format!("entity {index}"),
                "its id or its bounds are out of range",
            ));
        }
    }
    if entities.is_sorted_by(|a, b| a.id < b.id) {
        return Ok(());
    }
    Err(ContentError::malformed("entities", "they are not sorted by unique ids"))
}

impl Tileset {
    /// What was checked, for writing it out again.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The tree, whose first is the root, then one for each prop.
    pub fn tiles(&self) -> &[Tile] {
        &self.tables.tiles
    }

    /// The tile, which must be one of this tileset.
    pub fn tile(&self, tile: TileId) -> &Tile {
        &self.tables.tiles[tile.index()]
    }

    /// Everything that can be fetched.
    pub fn blobs(&self) -> &[Blob] {
        &self.tables.blobs
    }

    /// Every image.
    pub fn images(&self) -> &[Image] {
        &self.tables.images
    }

    /// What is shown of the image at first, if it is worth it.
    pub fn tail(&self, image: ImageId) -> Option<BlobId> {
        let tails = &self.tables.tails;
        let place = tails.binary_search_by_key(&image, |tail| tail.image).ok()?;
        tails.get(place).map(|tail| tail.blob)
    }

    /// What the tile is shown with at first, of what it must not lack: tails of images, or all of them, and its content.
    pub fn first_blobs<'a>(&'a self, tile: &'a Tile) -> impl Iterator<Item = BlobId> + 'a {
        let first =
            |&image: &ImageId| self.tail(image).or_else(|| Some(self.tables.images.get(image.index())?.blob));
        tile.images.iter().filter_map(first).chain(tile.content)
    }

    /// Every material.
    pub fn materials(&self) -> &[Material] {
        &self.tables.materials
    }

    /// Every entity, sorted by id.
    pub fn entities(&self) -> &[Entity] {
        &self.tables.entities
    }

    /// What is known of them: a blob that [`super::entity::read_records`] reads.
    pub fn records(&self) -> Option<BlobId> {
        self.tables.records
    }

    /// What stops and carries people, in pieces, where they lie.
    pub fn grounds(&self) -> &[Ground] {
        self.places.grounds()
    }

    /// Pieces of the ground that are not further away than this, and how far they are, metres.
    pub fn grounds_within(&self, point: Vec3, metres: f32) -> impl Iterator<Item = (ColliderId, f32)> {
        self.places.grounds_within(point, metres)
    }

    /// What moves by itself.
    pub fn movers(&self) -> &[Mover] {
        &self.tables.movers
    }

    /// Whether the tile is one that moves by itself.
    pub fn moves(&self, tile: TileId) -> bool {
        let end = self.tables.tiles.len() - self.tables.props.len();
        (self.tables.tree_end()..end).contains(&tile.index())
    }

    /// What of materials changes over time.
    pub fn material_tracks(&self) -> &[MaterialTrack] {
        &self.tables.material_tracks
    }

    /// What stands there several times.
    pub fn prototypes(&self) -> &[Prototype] {
        &self.tables.prototypes
    }

    /// Where, sorted by the tile.
    pub fn placements(&self) -> &[Placement] {
        &self.tables.placements
    }

    /// Which of the placements hangs below the tile.
    pub fn placement_below(&self, tile: TileId) -> Option<usize> {
        let placements = self.placements();
        if placements.is_empty() || self.tile(tile).content.is_some() {
            return None;
        }
        placements.binary_search_by_key(&tile, |placement| placement.tile).ok()
    }

    /// What is drawn in place of the tile: its children, or the root of what is placed there.
    pub fn below(&self, tile: TileId) -> impl Iterator<Item = TileId> + use<> {
        let placed = self.placement_below(tile).map(|placement| {
            let prototype = self.placements()[placement].prototype;
            self.prototypes()[prototype as usize].root
        });
        self.tile(tile).children().chain(placed)
    }

    /// The tile above it in the same tree.
    pub fn parent(&self, tile: TileId) -> Option<TileId> {
        self.places.parent(tile)
    }

    /// Calls `visit` with every tile above this one; with those of the main tree once for each placement of what
    /// it is part of.
    pub fn visit_above(&self, tile: TileId, visit: impl FnMut(TileId)) {
        self.places.visit_above(&self.tables, tile, visit);
    }

    /// How many tiles there are, counted where they stand.
    pub fn node_count(&self) -> usize {
        self.places.node_count()
    }

    /// The number of a placement's first tile among as many as [`Tileset::node_count`]; a tile of the main tree
    /// has its own number.
    pub fn first_node(&self, placement: usize) -> u32 {
        self.places.first_node(placement)
    }

    /// Triangles of the finest tiles, counted where they stand, and of the props.
    pub fn finest_triangle_count(&self) -> u64 {
        let finest = |tiles: &[Tile]| -> u64 {
            tiles.iter().filter(|tile| tile.child_count == 0).map(|tile| u64::from(tile.triangle_count)).sum()
        };
        let own = self.tables.tiles.get(..placement::main_tile_count(&self.tables)).unwrap_or_default();
        let placed = self.placements().iter().map(|placement| {
            let tiles = self.prototypes()[placement.prototype as usize].tiles();
            finest(self.tables.tiles.get(tiles).unwrap_or_default())
        });
        let props = self.tables.tiles.len() - self.tables.props.len();
        let movers = self.movers().iter().map(|mover| u64::from(self.tile(mover.first).triangle_count));
        finest(own) + placed.sum::<u64>() + movers.sum::<u64>() + finest(&self.tables.tiles[props..])
    }

    /// All tiles where they stand, each as often as it does: what can be carried at home, what moves at rest.
    pub fn standing(&self) -> impl Iterator<Item = (TileId, Pose)> {
        let tiles = |range: std::ops::Range<usize>, pose| range.map(move |tile| (TileId(tile as u32), pose));
        let main = tiles(0..placement::main_tile_count(&self.tables), Pose::IDENTITY);
        let placed = self.placements().iter().flat_map(move |placement| {
            tiles(self.prototypes()[placement.prototype as usize].tiles(), placement.pose)
        });
        let first_prop = self.tables.tiles.len() - self.tables.props.len();
        let moving = tiles(self.tables.tree_end()..first_prop, Pose::IDENTITY);
        let props = (first_prop..).zip(self.props()).map(|(tile, prop)| (TileId(tile as u32), prop.home));
        main.chain(placed).chain(moving).chain(props)
    }

    /// Things to take in the hand.
    pub fn props(&self) -> &[Prop] {
        &self.tables.props
    }

    /// What shows the prop, which must be one of this tileset: in its own space.
    pub fn prop_tile(&self, prop: PropId) -> TileId {
        TileId((self.tables.tiles.len() - self.tables.props.len()) as u32 + prop.0)
    }

    /// Everything that can be heard.
    pub fn clips(&self) -> &[Clip] {
        &self.tables.clips
    }

    /// Where it is heard.
    pub fn sounds(&self) -> &[Sound] {
        &self.tables.sounds
    }

    /// The light.
    pub fn light(&self) -> &Light {
        &self.tables.light
    }

    /// What the venue calls itself.
    pub fn title(&self) -> &str {
        &self.tables.title
    }

    /// Around everything, metres.
    pub fn bounds(&self) -> Aabb {
        self.tables.tiles[0].bounds
    }

    /// Where a visitor's feet first stand: as the venue says, else on the ground at the middle of
    /// the side that faces +Z, a fifth of the way in, looking along −Z.
    pub fn spawn(&self) -> Pose {
        self.tables.spawn.unwrap_or_else(|| {
            let bounds = self.bounds();
            let (center, size) = (bounds.center(), bounds.max - bounds.min);
            let position = Vec3::new(center.x, bounds.min.y, bounds.max.z - size.z * 0.2);
            Pose { position, ..Pose::IDENTITY }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::material::TextureSlot;
    use crate::scene::texture::ColorSpace;

    fn tile(first_child: u32, child_count: u32, error: f32) -> Tile {
        Tile {
            bounds: Aabb { min: Vec3::ZERO, max: Vec3::ONE },
            geometric_error_metres: error,
            first_child,
            child_count,
            content: None,
            images: Vec::new(),
            triangle_count: 0,
            draw_count: 0,
        }
    }

    fn tree() -> Tables {
        let tiles = vec![tile(1, 2, 1.0), tile(0, 0, 0.0), tile(3, 1, 0.5), tile(0, 0, 0.0)];
        Tables { tiles, ..Tables::default() }
    }

    #[test]
    fn tails_are_in_order_and_of_what_there_is() {
        let image = Image { blob: BlobId(0), space: ColorSpace::Linear, side_log2: 8 };
        let with = |tails: &[(u32, u32)]| {
            let tail = |&(image, blob): &(u32, u32)| Tail { image: ImageId(image), blob: BlobId(blob) };
            let blobs = vec![Blob { hash: ContentHash([0; 32]), size_bytes: 1 }; 2];
            let tails = tails.iter().map(tail).collect();
            Tileset::try_from(Tables { blobs, images: vec![image; 3], tails, ..tree() })
        };
        let tileset = with(&[(0, 1), (2, 0)]).unwrap();
        assert_eq!(
            [0, 1, 2].map(|image| tileset.tail(ImageId(image))),
            [Some(BlobId(1)), None, Some(BlobId(0))]
        );
        for faulty in [&[(0, 2)][..], &[(3, 0)], &[(1, 0), (0, 0)], &[(1, 0), (1, 1)]] {
            assert!(with(faulty).is_err(), "{faulty:?}");
        }
    }

    #[test]
    fn images_that_one_material_reads_alike_have_one_size() {
        let image = |side_log2| Image { blob: BlobId(0), space: ColorSpace::Linear, side_log2 };
        let slot = |image| Some(TextureSlot { image: ImageId(image), uv_set: 0 });
        let material =
            Material { normal_texture: slot(0), occlusion_texture: slot(1), ..Material::default() };
        let with = |sides: [u8; 2]| Tables {
            blobs: vec![Blob { hash: ContentHash([0; 32]), size_bytes: 1 }],
            images: sides.map(image).to_vec(),
            materials: vec![material.clone()],
            ..tree()
        };
        assert!(Tileset::try_from(with([5, 5])).is_ok());
        assert!(Tileset::try_from(with([5, 6])).is_err());
    }

    #[test]
    fn a_tree_is_only_so_deep() {
        let chain = |depth: u32| {
            let link = |index: u32| tile(index + 1, u32::from(index + 1 < depth), 0.0);
            Tables { tiles: (0..depth).map(link).collect(), ..Tables::default() }
        };
        let most = limits::TREE_DEPTH_MAX as u32;
        assert!(Tileset::try_from(chain(most)).is_ok() && Tileset::try_from(chain(most + 1)).is_err());
    }

    #[test]
    fn a_tree_is_taken_and_its_faults_are_not() {
        assert!(Tileset::try_from(tree()).is_ok());
        let faults: [fn(&mut Tables); 9] = [
            |t| t.tiles.clear(),
            |t| t.tiles[2].first_child = 2,
            |t| t.tiles[2].first_child = 0,
            |t| t.tiles[2].child_count = u32::MAX,
            |t| t.tiles[2].child_count = 0,
            |t| t.tiles[3].geometric_error_metres = 0.6,
            |t| t.tiles[1].geometric_error_metres = f32::NAN,
            |t| t.tiles[3].bounds.max.x = 2.0,
            |t| t.tiles[0].content = Some(BlobId(0)),
        ];
        for (index, fault) in faults.iter().enumerate() {
            let mut tables = tree();
            fault(&mut tables);
            assert!(Tileset::try_from(tables).is_err(), "fault {index} was taken");
        }
    }
}
