// A headless Chromium, spoken to over two pipes with the DevTools protocol: JSON messages that end with a zero byte.
"use strict";

const { spawn } = require("child_process");

// Everything is drawn by the CPU, and whatever is not closed dies with us.
const SWITCHES = [
  "--headless",
  "--remote-debugging-pipe",
  "--no-sandbox",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-dev-shm-usage",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--hide-scrollbars",
  "--force-device-scale-factor=1",
];

// What a value that is written to the console says.
function words({ value, preview, description, type }) {
  const message = preview?.properties?.find(({ name }) => name === "message")?.value;
  return value ?? message ?? description ?? type;
}

class Browser {
  // Nothing can be named but this machine and `hosts`.
  constructor(program, libraries, profile, hosts = []) {
    const environment = { ...process.env, LD_LIBRARY_PATH: libraries, HOME: profile };
    const names = ["127.0.0.1", ...hosts].map((host) => `, EXCLUDE ${host}`).join("");
    const rules = `--host-resolver-rules=MAP * ~NOTFOUND${names}`;
    this.child = spawn(program, [...SWITCHES, rules, `--user-data-dir=${profile}`, "about:blank"], {
      env: environment,
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    });
    this.waiting = new Map();
    this.listeners = [];
    this.count = 0;
    this.words = "";
    this.child.stderr.on("data", (text) => { this.words = (this.words + text).slice(-2000); });
    let rest = Buffer.alloc(0);
    this.child.stdio[4].on("data", (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        this.hear(JSON.parse(rest.subarray(0, end).toString("utf8")));
        rest = rest.subarray(end + 1);
      }
    });
    const gone = () => {
      for (const { reject } of this.waiting.values()) reject(new Error(`the browser ended: ${this.words.trim()}`));
      this.waiting.clear();
    };
    this.child.on("exit", gone);
    this.child.on("error", (error) => { this.words += error.message; gone(); });
    this.child.stdio[3].on("error", gone);
  }

  hear(message) {
    if (message.id === undefined) {
      for (const listener of this.listeners) listener(message);
      return;
    }
    const { resolve, reject } = this.waiting.get(message.id) ?? {};
    this.waiting.delete(message.id);
    if (message.error) reject?.(new Error(message.error.message));
    else resolve?.(message.result);
  }

  // What the method returns; `session` is that of a page, if the method is one of a page's.
  call(method, params = {}, session = undefined) {
    this.count += 1;
    const id = this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
    });
  }

  // A blank page of this size, of which `fault` hears everything that went wrong and `note` every warning.
  async page(width, height, fault, note) {
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank", width, height });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const urls = new Map();
    this.listeners.push(({ method, params, sessionId: of }) => {
      if (of !== sessionId) return;
      if (method === "Runtime.consoleAPICalled") {
        const text = params.args.map(words).join(" ");
        // CesiumJS logs a texture that cannot be loaded without calling that an error.
        if (["error", "assert", "log"].includes(params.type)) fault(`console: ${text}`);
        if (params.type === "warning") note(text);
      } else if (method === "Runtime.exceptionThrown") {
        const { exception, text } = params.exceptionDetails;
        fault(`exception: ${exception?.description ?? text}`);
      } else if (method === "Log.entryAdded" && params.entry.level === "error") {
        fault(`log: ${params.entry.text} ${params.entry.url ?? ""}`);
      } else if (method === "Network.requestWillBeSent") {
        urls.set(params.requestId, params.request.url);
      } else if (method === "Network.loadingFailed") {
        fault(`request: ${urls.get(params.requestId)}: ${params.errorText}`);
      } else if (method === "Network.responseReceived" && params.response.status >= 400) {
        fault(`response: ${params.response.url}: ${params.response.status}`);
      } else if (method === "Inspector.targetCrashed") {
        fault("the page crashed");
      }
    });
    for (const domain of ["Runtime", "Log", "Network", "Page", "Inspector"]) {
      await this.call(`${domain}.enable`, {}, sessionId);
    }
    const metrics = { width, height, deviceScaleFactor: 1, mobile: false };
    await this.call("Emulation.setDeviceMetricsOverride", metrics, sessionId);
    return {
      open: (url) => this.call("Page.navigate", { url }, sessionId),
      // The value of an expression, once its promise is kept.
      value: async (expression) => {
        const asked = { expression, awaitPromise: true, returnByValue: true };
        const { result, exceptionDetails } = await this.call("Runtime.evaluate", asked, sessionId);
        if (exceptionDetails) {
          throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
        }
        return result.value;
      },
      picture: async () => {
        const { data } = await this.call("Page.captureScreenshot", { format: "png" }, sessionId);
        return Buffer.from(data, "base64");
      },
      close: () => this.call("Target.closeTarget", { targetId }),
    };
  }

  // Its other processes end with it, each as soon as it notices.
  async close() {
    await this.call("Browser.close").catch(() => {});
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once("exit", resolve));
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000))]);
    }
    this.kill();
  }

  kill() {
    this.child.kill("SIGKILL");
  }
}

module.exports = { Browser };
