// What a viewer of a baked twin must have asked for when it has loaded every tile.
"use strict";

const fs = require("fs");
const path = require("path");

// The JSON chunk of a GLB.
function gltfOf(file) {
  const bytes = fs.readFileSync(file);
  try {
    return JSON.parse(bytes.subarray(20, 20 + bytes.readUInt32LE(12)).toString("utf8"));
  } catch {
    throw new Error(`${file} is no GLB`);
  }
}

// Counts the tiles with a model as a viewer meets them, a tileset in a tileset each time that it stands there, and
// gathers the names of all files.
function filesOf(folder) {
  const models = new Set();
  const images = new Set();
  const tilesets = new Set();
  let tiles = 0;
  const walk = (name) => {
    tilesets.add(name);
    const open = [JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")).root];
    while (open.length > 0) {
      const tile = open.pop();
      open.push(...(tile.children ?? []));
      const uri = tile.content?.uri;
      if (uri?.endsWith(".json")) walk(uri);
      else if (uri !== undefined) {
        tiles += 1;
        models.add(uri);
      }
    }
  };
  walk("tileset.json");
  for (const model of models) {
    for (const image of gltfOf(path.join(folder, model)).images ?? []) images.add(image.uri);
  }
  return { tiles, models, images, tilesets };
}

module.exports = { filesOf };
