// One script, one style sheet, lazy chunks for the charts and for the rooms; then a brotli copy of each text asset
// for tools/embed_assets.py, made here because Node has brotli and Python has not.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const kCompressible = /\.(html|js|css|svg|json|txt)$/;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

function brotliCopies(): Plugin {
  let outDir = "dist";
  return {
    name: "brotli-copies",
    apply: "build",
    configResolved(config) {
      outDir = config.build.outDir;
    },
    closeBundle() {
      for (const file of filesBelow(outDir).filter((name) => kCompressible.test(name))) {
        const raw = readFileSync(file);
        const params = {
          [constants.BROTLI_PARAM_QUALITY]: 11,
          [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
        };
        writeFileSync(`${file}.br`, brotliCompressSync(raw, { params }));
      }
    },
  };
}

export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // A data: URL would need a wider Content-Security-Policy.
    modulePreload: { polyfill: false }, // The polyfill is for browsers older than the target.
    cssCodeSplit: true, // The rooms' styles come with their chunk.
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:5000", ws: true } } },
  plugins: [brotliCopies()],
  test: { include: ["src/**/*.test.ts"], environment: "node" },
} as Parameters<typeof defineConfig>[0]);
