// Builds dist/s.js, which the edge wraps in a function together with the site's settings, and the npm package.
// `npm run parts` prints what each part weighs.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { parse } from "acorn";
import { build } from "esbuild";
import { minify } from "terser";

const RULES = new URL("../../schemas/rules/", import.meta.url);
const { version, devDependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** Returns the numbers of a file of rules, each under its name: thresholds are written in schemas/ only. */
function numbers(name) {
  const text = readFileSync(new URL(`${name}.toml`, RULES), "utf8");
  const lines = [...text.matchAll(/^(\w+)\s*=\s*([\d_]+)/gm)];
  if (!lines.length) throw new Error(`schemas/rules/${name}.toml: no number found`);
  return lines.map(([, key, value]) => [`${name.toUpperCase()}.${key}`, value.replaceAll("_", "")]);
}

const define = {
  VERSION: JSON.stringify(version),
  ...Object.fromEntries(["friction", "recordings", "heatmap"].flatMap(numbers)),
};

/** Returns a script without the named parts. */
async function script(entry, ...without) {
  const leaveOut = {
    name: "leave-out",
    setup({ onLoad }) {
      onLoad({ filter: /src[/\\](\w+)\.ts$/ }, ({ path }) => {
        const name = /(\w+)\.ts$/.exec(path)[1];
        if (!without.includes(name)) return;
        const watch = `watch${name[0].toUpperCase()}${name.slice(1)}`;
        return { contents: `export const ${watch} = () => undefined; export const selectorOf = () => "";`, loader: "ts" };
      });
    },
  };
  const bundled = await build({
    entryPoints: [`src/${entry}.ts`],
    bundle: true,
    write: false,
    // es2017 would cost 218 bytes more, and no browser in use needs it.
    target: "es2020",
    // No function around it: the edge puts one there, with `__headwater` in it.
    format: "esm",
    define,
    minifySyntax: true,
    plugins: [leaveOut],
  });
  const options = { ecma: 2020, module: true, compress: { passes: 3, inline: 1, unsafe_arrows: true, unsafe_methods: true, pure_getters: true }, mangle: true };
  const { code } = await minify(bundled.outputFiles[0].text, options);
  return code;
}

/** Fails where the script needs a newer browser than it promises, or a threshold that the rules do not hold. */
function check(code) {
  parse(code, { ecmaVersion: 2020, sourceType: "script" });
  const missing = /\b(FRICTION|RECORDINGS|HEATMAP|VERSION)\b(\.\w+)?/.exec(code);
  if (missing) throw new Error(`${missing[0]} stands in no rule`);
}

const weigh = (code) => gzipSync(code, { level: 9 }).length;

/** Prints what each optional part adds to its script. */
async function parts() {
  const optional = { main: ["errors", "links", "forms"], "more.main": ["clicks", "moves", "video", "vitals"] };
  for (const [entry, names] of Object.entries(optional)) {
    const whole = weigh(await script(entry));
    console.log(`${entry.padEnd(12)} ${whole}`);
    for (const name of names) console.log(`  ${name.padEnd(10)} +${whole - weigh(await script(entry, name))}`);
  }
}

/** [file, entry, most bytes gzipped] */
const SCRIPTS = [
  ["s.js", "main", 5000],
  ["more.js", "more.main", 3400],
  // Nearly all of it is @rrweb/record.
  ["replay.js", "replay.main", 27000],
];

/** What others wrote is named where it is shipped. */
const NOTICES = { "replay.js": `with @rrweb/record ${devDependencies["@rrweb/record"]}, MIT licence, by the rrweb contributors` };

/** Bundles the package; what it needs of others stays with them. */
async function npmPackage() {
  const settings = { bundle: true, splitting: true, chunkNames: "[name]", format: "esm", target: "es2020", define, external: ["react"], outdir: "dist/npm" };
  await build({ ...settings, entryPoints: ["src/index.ts", "src/react.ts"], minifySyntax: true });
  const helpers = await build({ ...settings, entryPoints: ["src/react.ts"], minify: true, write: false });
  return weigh(helpers.outputFiles[0].text);
}

const REACT_LIMIT = 1000;

if (process.argv[2] === "parts") await parts();
else {
  const helpers = await npmPackage();
  console.log(`dist/npm/react.js: ${helpers} bytes gzipped of ${REACT_LIMIT}`);
  if (helpers >= REACT_LIMIT) process.exitCode = 1;
  for (const [file, entry, limit] of SCRIPTS) {
    const code = await script(entry);
    check(code);
    mkdirSync("dist", { recursive: true });
    writeFileSync(`dist/${file}`, NOTICES[file] ? `/* ${NOTICES[file]} */${code}` : code);
    const size = weigh(code);
    console.log(`dist/${file}: ${size} bytes gzipped of ${limit}`);
    if (size >= limit) process.exitCode = 1;
  }
}
