// open.cjs SETTINGS.json: opens a baked twin in viewers by others, without a display, and judges what they make of it.
//
// The settings name the browser and the folder of its libraries, the twin's folder and the origin where a host serves
// it, the folder of the installed viewers, our own picture with where it was taken from, and a folder for theirs. Each viewer must load every tile, every model
// and every image, without an error of any kind, and draw what we draw. Exit code 1 if one does not.
"use strict";

const fs = require("fs");
const os = require("os");
const path = require("path");
const { Browser } = require("./browser.cjs");
const { serve } = require("./server.cjs");
const { filesOf } = require("./twin.cjs");

// How much alike the brightness of two pictures is, in squares of the picture, as a correlation: 0.84 to 0.90, for each
// viewer lights the hall in a way of its own, and we draw what is far away coarser the less a frame affords. Upside down
// it is below 0. The hall is nearly the same on both sides, so mirrored it is 0.06 to 0.12 less: that is asked apart.
const LIKENESS_MIN = 0.75;
// A picture of the hall has hardly a pixel without anything, and thousands of colours.
const EMPTY_MAX = 0.02;
const COLOURS_MIN = 2000;
// Both take one minute on two cores. Longer than this none may hang.
const LIMIT_SECONDS = 300;
// What a page's script says in the end.
const OUTCOME = `(async () => {
  while (document.readyState !== "complete") await new Promise((resolve) => setTimeout(resolve, 20));
  return window.outcome;
})()`;

function judge(name, outcome, files, served, fault) {
  const missing = (kind, names) => {
    const absent = [...names].filter((file) => !served.has(`/twin/${file}`));
    if (absent.length > 0) fault(`${absent.length} of ${names.size} ${kind} were not loaded, such as ${absent[0]}`);
  };
  missing("tilesets", files.tilesets);
  missing("models", files.models);
  missing("images", files.images);
  if (outcome.tiles !== files.tiles) fault(`${outcome.tiles} tiles were loaded and there are ${files.tiles}`);
  if (!(outcome.textures > 0)) fault("nothing has a texture");
  const { likeness, mirrored, upended, empty, colours } = outcome.look;
  if (empty > EMPTY_MAX) fault(`${(100 * empty).toFixed(1)} % of the picture is empty`);
  if (colours < COLOURS_MIN) fault(`the picture has ${colours} colours`);
  if (likeness < LIKENESS_MIN) fault(`it is like ours by ${likeness.toFixed(3)}, which is below ${LIKENESS_MIN}`);
  if (likeness <= Math.max(mirrored, upended)) {
    fault(`it is like ours by ${likeness.toFixed(3)}, mirrored by ${mirrored.toFixed(3)}, upended by ${upended.toFixed(3)}`);
  }
  console.log(
    `${name}: ${outcome.version}, ${outcome.tiles} tiles of ${files.models.size} models and ${files.images.size} images in ` +
      `${outcome.seconds.toFixed(1)} s, ${outcome.textures} ${outcome.texturesAre}, ${colours} colours, ${(100 * empty).toFixed(1)} % empty, like ours by ` +
      `${likeness.toFixed(3)} (mirrored ${mirrored.toFixed(3)}, upended ${upended.toFixed(3)})`,
  );
}

async function open(browser, name, settings, files) {
  const faults = new Set();
  let giveUp;
  const givenUp = new Promise((_, reject) => { giveUp = () => reject(new Error("it was given up")); });
  const fault = (sentence) => {
    // Whoever waits for something that failed may wait for ever.
    if (faults.size === 0) setTimeout(giveUp, 10_000).unref();
    if (!faults.has(sentence) && faults.size < 20) console.error(`${name}: ${sentence}`);
    faults.add(sentence);
  };
  const warnings = new Set();
  const { view } = settings;
  const server = await serve(
    { pages: __dirname, viewers: path.join(settings.viewers, "node_modules") },
    { "/view.json": JSON.stringify(view), "/ours.png": fs.readFileSync(settings.ours) },
    // From another origin, as in a page of the venue's own.
    { twin: settings.host },
  );
  try {
    const page = await browser.page(view.width, view.height, fault, (text) => warnings.add(text));
    await page.open(`${server.origin}/pages/${name}.html`);
    const outcome = await Promise.race([page.value(OUTCOME), givenUp]);
    if (outcome === undefined) throw new Error("the page's script did not run");
    const picture = path.join(settings.pictures, `${name}.png`);
    fs.writeFileSync(picture, await page.picture());
    judge(name, outcome, files, server.served, fault);
    for (const warning of warnings) console.log(`${name} warns: ${warning.slice(0, 300)}`);
    console.log(`${name}: ${picture}`);
    await page.close();
  } catch (error) {
    fault(error.message);
  } finally {
    server.close();
  }
  return faults.size;
}

async function main(settingsFile) {
  const settings = JSON.parse(fs.readFileSync(settingsFile, "utf8"));
  const files = filesOf(settings.twin);
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "pavilion-pages-"));
  const browser = new Browser(settings.browser, settings.libraries, profile);
  setTimeout(() => {
    console.error(`not ready after ${LIMIT_SECONDS} s`);
    browser.kill();
    process.exit(1);
  }, LIMIT_SECONDS * 1000).unref();
  let faults = 0;
  try {
    for (const name of ["cesium", "three"]) faults += await open(browser, name, settings, files);
  } finally {
    await browser.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
  process.exitCode = faults === 0 ? 0 : 1;
}

main(process.argv[2]).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
