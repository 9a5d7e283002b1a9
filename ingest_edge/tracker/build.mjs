// Bundles src/main.ts to dist/s.js, which the edge wraps in a function together with the site's settings.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const LIMIT_BYTES = 5000;

await build({
  entryPoints: ["src/main.ts"],
  outfile: "dist/s.js",
  bundle: true,
  minify: true,
  // es2017 would cost 218 bytes more, and no browser in use needs it.
  target: "es2020",
  // No function around it: the edge puts one there, with `__headwater` in it.
  format: "esm",
  define: { VERSION: JSON.stringify(version) },
});
const size = gzipSync(readFileSync("dist/s.js"), { level: 9 }).length;
console.log(`dist/s.js: ${size} bytes gzipped of ${LIMIT_BYTES}`);
if (size >= LIMIT_BYTES) process.exit(1);
