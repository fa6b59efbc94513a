//! A tile's GLB → [`TileMesh`](super::TileMesh): the narrow profile that bake writes.
