//! The same hall many times, as a fairground of equal halls might be exported: each copy is nodes of its own that show
//! the same meshes.

use glam::Vec3;

use super::mesh::Placement;
use super::twin::{Node, NodeId, Twin};

/// From hall to hall, metres: each with its outside is 204 by 88.
const PITCH_METRES: [f32; 2] = [206.0, 90.0];
/// Halls in a row.
const COLUMNS: usize = 8;

/// Stands the hall `count` times; the first, into which a visitor comes, in their middle. One cannot be told from
/// another, so nothing in them has an id, is taken away or sounds.
pub fn repeat(twin: &mut Twin, count: usize) {
    for node in &mut twin.nodes {
        (node.entity, node.prop, node.sound) = (None, None, None);
    }
    let (suns, roots) =
        std::mem::take(&mut twin.roots).into_iter().partition(|&NodeId(root)| twin.nodes[root].sun.is_some());
    twin.roots = suns;
    let hall: Vec<Node> = std::mem::take(&mut twin.nodes);
    let rows = count.div_ceil(COLUMNS);
    let first = rows / 2 * COLUMNS + COLUMNS.min(count) / 2;
    let mut cells: Vec<usize> = (0..rows * COLUMNS).collect();
    cells.sort_by_key(|&cell| cell.abs_diff(first));
    // The originals stay first, so that the sun keeps its number.
    twin.nodes = hall.clone();
    for (number, &cell) in cells.iter().take(count).enumerate() {
        let (column, row) =
            ((cell % COLUMNS) as f32 - (first % COLUMNS) as f32, cell as f32 / COLUMNS as f32);
        let row = row.floor() - (first / COLUMNS) as f32;
        let turn = if row as i32 % 2 == 0 { 0.0 } else { 180.0 };
        let [across, along] = PITCH_METRES;
        let place = Placement::to(Vec3::new(column * across, 0.0, row * along)).yaw(turn);
        let offset = if number == 0 { 0 } else { twin.nodes.len() };
        if number > 0 {
            let moved = |&NodeId(child): &NodeId| NodeId(child + offset);
            let copies = hall.iter().map(|node| Node {
                children: node.children.iter().map(moved).collect(),
                sun: None,
                ..node.clone()
            });
            twin.nodes.extend(copies);
        }
        let group = twin.group(None, "Hall", place);
        twin.nodes[group.0].children =
            Vec::clone(&roots).into_iter().map(|NodeId(root)| NodeId(root + offset)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hall_is_the_same_somewhere_else() {
        let mut twin = Twin::default();
        let sun = twin.group(None, "Sun", Placement::HERE);
        twin.nodes[sun.0].sun = Some(1.0);
        let floor = twin.group(None, "Floor", Placement::HERE);
        twin.entity(floor, "floor");
        let chair = twin.group(Some(floor), "Chair", Placement::at(1.0, 0.0, 2.0));
        let mesh = twin.mesh("chair", super::super::mesh::Model::default());
        twin.nodes[chair.0].mesh = Some(mesh);
        repeat(&mut twin, 12);
        assert_eq!(
            (twin.roots.len(), twin.nodes.iter().filter(|node| node.mesh == Some(mesh)).count()),
            (13, 12)
        );
        let halls: Vec<&Node> = twin.nodes.iter().filter(|node| node.name == "Hall").collect();
        assert_eq!(halls[0].placement.translation, Vec3::ZERO);
        for (index, hall) in halls.iter().enumerate() {
            let floor = &twin.nodes[hall.children[0].0];
            assert_eq!((hall.children.len(), floor.name.as_str(), &floor.entity), (1, "Floor", &None));
            assert_eq!(twin.nodes[floor.children[0].0].name, "Chair");
            let others = &halls[index + 1..];
            assert!(others.iter().all(|other| other.placement.translation != hall.placement.translation));
        }
    }
}
