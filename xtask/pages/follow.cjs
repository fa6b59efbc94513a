// follow.cjs SETTINGS.json: opens a hosted twin in 3DTilesRendererJS, follows a way, and writes down what was drawn when.
//
// The settings name the browser and the folder of its libraries, the origin of the host, the folder of the installed
// viewers, the way (seconds, feet, yaw_degrees), the view, and the file to write: JSON lines, of which the first says when
// it began. Exit code 1 if anything goes wrong.
"use strict";

const fs = require("fs");
const os = require("os");
const path = require("path");
const { Browser } = require("./browser.cjs");
const { serve } = require("./server.cjs");

// What a page's script says in the end.
const OUTCOME = `(async () => {
  while (window.outcome === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  return window.outcome;
})()`;

async function main(settingsFile) {
  const settings = JSON.parse(fs.readFileSync(settingsFile, "utf8"));
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "pavilion-follow-"));
  const host = new URL(settings.host).hostname;
  const browser = new Browser(settings.browser, settings.libraries, profile, [host]);
  const faults = new Set();
  const server = await serve(
    { pages: __dirname, viewers: path.join(settings.viewers, "node_modules") },
    { "/settings.json": JSON.stringify({ host: settings.host, way: settings.way, view: settings.view }) },
    {},
  );
  try {
    const { width, height } = settings.view;
    const page = await browser.page(width, height, (fault) => faults.add(fault), () => {});
    await page.open(`${server.origin}/pages/follow.html`);
    const lines = await page.value(OUTCOME);
    fs.writeFileSync(settings.out, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  } finally {
    server.close();
    await browser.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
  // What was asked for and is no longer wanted is given up by the page itself.
  const wrong = [...faults].filter((fault) => !fault.includes("ERR_ABORTED"));
  for (const fault of wrong.slice(0, 5)) console.error(`3d-tiles-renderer: ${fault}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

main(process.argv[2]).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
