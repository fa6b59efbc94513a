// Files over HTTP on loopback: a few folders, each under a name of its own, and what was asked of them.
"use strict";

const fs = require("fs");
const http = require("http");
const path = require("path");

const TYPES = {
  ".css": "text/css",
  ".glb": "model/gltf-binary",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".png": "image/png",
  ".wasm": "application/wasm",
};

// `folders`: name → folder; `texts`: path → what it answers; `elsewhere`: name → the origin that has it, to which the
// browser is sent. Resolves to { origin, served, close }, where `served` is the set of paths that were given out.
async function serve(folders, texts, elsewhere) {
  const served = new Set();
  const server = http.createServer((request, response) => {
    const asked = decodeURIComponent(new URL(request.url, "http://127.0.0.1").pathname);
    const type = TYPES[path.extname(asked)] ?? "application/octet-stream";
    const give = (bytes) => {
      served.add(asked);
      response.writeHead(200, { "Content-Type": type, "Content-Length": bytes.length, "Cache-Control": "no-store" });
      response.end(bytes);
    };
    if (texts[asked] !== undefined) return give(Buffer.from(texts[asked]));
    const [, name, ...rest] = asked.split("/");
    if (elsewhere[name] !== undefined) {
      served.add(asked);
      response.writeHead(307, { Location: `${elsewhere[name]}/${rest.join("/")}` });
      return response.end();
    }
    const file = folders[name] === undefined ? undefined : path.join(folders[name], ...rest);
    const isInside = file?.startsWith(folders[name] + path.sep);
    fs.readFile(isInside ? file : "", (error, bytes) => {
      if (!error) return give(bytes);
      response.writeHead(404);
      response.end();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections?.();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, served, close };
}

module.exports = { serve };
