//! What is there once, points and lines, and all that stands there several times → one tree.

use super::encode::Context;
use super::partition::{Borders, Split, halve};
use super::raise::Raised;
use super::soup::{Mesh, Repeated};
use super::tree::Branch;
use super::{BakeError, proxy};
use crate::math::Aabb;

/// A tree whose leaves are the roots of what is there once (with what they show) and the places of what is there several
/// times; above them are proxies of all. `raised` is in the order of `repeated`.
///
/// # Errors
/// When a tile cannot be encoded or `tick` ends it.
pub fn gather(
    mut leaves: Vec<(Branch, Mesh)>,
    raised: &[Raised],
    repeated: &[Repeated],
    context: &Context<'_>,
    tick: &mut dyn FnMut(usize, usize) -> Result<(), BakeError>,
) -> Result<Branch, BakeError> {
    for (number, (raised, repeated)) in raised.iter().zip(repeated).enumerate() {
        for &pose in &repeated.poses {
            leaves.push((Branch::standing(&raised.branch, number, pose), raised.top.placed(pose)));
        }
    }
    let boxes: Vec<Aabb> = leaves.iter().map(|(branch, _)| branch.bounds).collect();
    let mut members: Vec<u32> = (0..leaves.len() as u32).collect();
    let mut order = Vec::with_capacity(leaves.len());
    let split = split(&mut members, &boxes, &mut order);
    // Leaves are numbered as the halving meets them.
    let mut leaves: Vec<Option<(Branch, Mesh)>> = leaves.into_iter().map(Some).collect();
    let ordered = order.into_iter().filter_map(|leaf| leaves.get_mut(leaf as usize)?.take()).collect();
    Ok(proxy::build(&split, ordered, &Borders::default(), context, tick)?.0)
}

/// Halves the boxes until each is alone; recursion is as deep as the logarithm of their number.
fn split(members: &mut [u32], boxes: &[Aabb], order: &mut Vec<u32>) -> Split {
    if let &mut [one] = members {
        order.push(one);
        return Split::Cell(order.len() as u32 - 1);
    }
    let (low, high) = halve(members, |member| boxes[member as usize].center());
    Split::Halves(Box::new([split(low, boxes, order), split(high, boxes, order)]))
}
