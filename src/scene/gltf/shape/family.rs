//! Which node is whose child, in four bytes a node, before a node is anything more than that.

use crate::scene::{ContentError, limits};

const NOBODY: u32 = u32::MAX;
/// No node is as deep.
const UNKNOWN: u16 = u16::MAX;

/// The parent of every node that has one.
#[derive(Default)]
pub(super) struct Family {
    parents: Vec<u32>,
}

impl Family {
    /// Notes that `child` is below `parent`; nobody is below two.
    pub(super) fn adopt(&mut self, parent: usize, child: usize) -> Result<(), &'static str> {
        if child >= self.parents.len() {
            self.parents.resize(child.saturating_add(1), NOBODY);
        }
        let slot = self.parents.get_mut(child).ok_or("there is no such node")?;
        if *slot != NOBODY {
            return Err("the node has two parents");
        }
        *slot = u32::try_from(parent).map_err(|_| "there is no such node")?;
        Ok(())
    }

    fn parent(&self, node: usize) -> Option<usize> {
        self.parents.get(node).filter(|&&parent| parent != NOBODY).map(|&parent| parent as usize)
    }

    /// # Errors
    /// When a node is its own ancestor, or has more than [`limits::NODE_DEPTH_MAX`] of them.
    pub(super) fn check(&self) -> Result<(), ContentError> {
        let mut depths = vec![UNKNOWN; self.parents.len()];
        let mut path = Vec::with_capacity(limits::NODE_DEPTH_MAX);
        for node in 0..self.parents.len() {
            path.clear();
            let mut above = Some(node);
            let mut depth = 0_usize;
            while let Some(next) = above {
                if let Some(&known) = depths.get(next).filter(|&&known| known != UNKNOWN) {
                    depth = usize::from(known);
                    break;
                }
                path.push(next);
                if path.len() > limits::NODE_DEPTH_MAX {
                    return Err(self.too_deep(node));
                }
                above = self.parent(next);
            }
            for &next in path.iter().rev() {
                depth = depth.saturating_add(1);
                if depth > limits::NODE_DEPTH_MAX {
                    return Err(self.too_deep(node));
                }
                if let Some(slot) = depths.get_mut(next) {
                    *slot = u16::try_from(depth).unwrap_or(UNKNOWN);
                }
            }
        }
        Ok(())
    }

    /// Why one cannot get up from the node in as many steps as are allowed.
    fn too_deep(&self, node: usize) -> ContentError {
        let place = format!("/nodes/{node}");
        let mut above = node;
        for depth in 1..=self.parents.len() {
            match self.parent(above) {
                Some(next) => above = next,
                None => {
                    let (count, limit) = (depth as u64, limits::NODE_DEPTH_MAX as u64);
                    return ContentError::TooLarge { place, what: "levels of nodes", count, limit };
                }
            }
        }
        ContentError::malformed(place, "it is its own ancestor")
    }
}
