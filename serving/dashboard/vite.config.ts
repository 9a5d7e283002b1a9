import { readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build, defineConfig, type Plugin } from 'vite';

/** Bundle src/start.ts to a script small enough to stand in <head>. */
async function startScript(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: 'src/start.ts', formats: ['iife'], name: 'start' },
    },
  });
  const [bundle] = Array.isArray(built) ? built : [built];
  if (!bundle || !('output' in bundle)) throw new Error('src/start.ts gave no output');
  return bundle.output[0].code.trim();
}

const START = '<!-- start -->';

/**
 * Put start.ts into <head> before any style, so that the first answer is on its way early.
 * The server lets it run by its hash (serving/page.py).
 */
function inlineStart(): Plugin {
  return {
    name: 'inline-start',
    async transformIndexHtml(html) {
      if (!html.includes(START)) throw new Error(`index.html lost its ${START}`);
      const script = await startScript();
      return html.replace(START, () => `<script>${script}</script>`);
    },
  };
}

/** Write .br and .gz beside each text asset, for a server that sends files as they are. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir = 'dist' }, bundle) {
      for (const name of Object.keys(bundle).filter((one) => /\.(js|css)$/.test(one))) {
        const bytes = readFileSync(`${dir}/${name}`);
        writeFileSync(`${dir}/${name}.br`, brotliCompressSync(bytes));
        writeFileSync(`${dir}/${name}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [inlineStart(), compressed()],
  build: { target: 'es2022', modulePreload: { polyfill: false }, reportCompressedSize: false },
  server: { proxy: { '/api': process.env.HEADWATER_SERVING_URL ?? 'http://127.0.0.1:8000' } },
});
