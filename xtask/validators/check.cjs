// check.cjs FILE...: every .glb and .gltf goes through Khronos' validator, every tileset.json through the rules of
// 3D Tiles 1.1 that a file can break. Prints each error; exit code 1 if there was one.
"use strict";

const fs = require("fs");
const path = require("path");
const validator = require("gltf-validator");

let errors = 0;

function fault(file, sentence) {
  errors += 1;
  console.error(`${file}: ${sentence}`);
}

async function checkGltf(file) {
  const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(file)), {
    uri: path.basename(file),
    maxIssues: 20,
    externalResourceFunction: async (uri) =>
      new Uint8Array(fs.readFileSync(path.join(path.dirname(file), decodeURIComponent(uri)))),
  });
  for (const issue of report.issues.messages.filter((message) => message.severity === 0)) {
    fault(file, `${issue.code} at ${issue.pointer ?? issue.offset}: ${issue.message}`);
  }
}

function isNumberList(value, length) {
  return Array.isArray(value) && value.length === length && value.every(Number.isFinite);
}

function checkVolume(file, where, volume) {
  const sizes = { box: 12, region: 6, sphere: 4 };
  const known = Object.keys(sizes).filter((kind) => isNumberList(volume?.[kind], sizes[kind]));
  if (known.length === 0) fault(file, `${where} has no valid bounding volume`);
}

function checkTile(file, where, tile, parentError, contents) {
  checkVolume(file, where, tile.boundingVolume);
  if (!Number.isFinite(tile.geometricError) || tile.geometricError < 0) {
    fault(file, `${where} has no geometric error`);
  } else if (tile.geometricError > parentError) {
    fault(file, `${where} has a larger geometric error than its parent`);
  }
  if (tile.refine !== undefined && !["ADD", "REPLACE"].includes(tile.refine)) fault(file, `${where} refines by neither way`);
  if (tile.transform !== undefined && !isNumberList(tile.transform, 16)) fault(file, `${where} has a broken transform`);
  for (const content of tile.contents ?? (tile.content ? [tile.content] : [])) {
    if (content.boundingVolume !== undefined) checkVolume(file, `${where}'s content`, content.boundingVolume);
    const target = path.join(path.dirname(file), decodeURIComponent(content.uri ?? ""));
    if (!fs.existsSync(target) || !fs.statSync(target).isFile()) fault(file, `${where} names ${content.uri}, which is no file`);
    contents.count += 1;
  }
  if (tile.children !== undefined && !(Array.isArray(tile.children) && tile.children.length > 0)) {
    fault(file, `${where} has an empty list of children`);
  }
  (tile.children ?? []).forEach((child, index) => checkTile(file, `${where}/${index}`, child, tile.geometricError, contents));
}

function checkTileset(file) {
  const tileset = JSON.parse(fs.readFileSync(file, "utf8"));
  if (tileset.asset?.version !== "1.1") fault(file, "its asset is not of version 1.1");
  if (!Number.isFinite(tileset.geometricError)) fault(file, "it has no geometric error");
  if (!["ADD", "REPLACE"].includes(tileset.root?.refine)) fault(file, "its root does not say how it refines");
  const used = tileset.extensionsUsed ?? [];
  for (const name of tileset.extensionsRequired ?? []) {
    if (!used.includes(name)) fault(file, `it requires ${name} and does not list it as used`);
  }
  const contents = { count: 0 };
  checkTile(file, "root", tileset.root ?? {}, Infinity, contents);
  if (contents.count === 0) fault(file, "it has no content at all");
}

async function main(files) {
  for (const file of files) {
    try {
      if (file.endsWith(".json")) checkTileset(file);
      else await checkGltf(file);
    } catch (error) {
      fault(file, `it cannot be read: ${error.message ?? error}`);
    }
  }
  console.log(`${files.length} files checked, ${errors} errors`);
  process.exitCode = errors === 0 ? 0 : 1;
}

main(process.argv.slice(2));
