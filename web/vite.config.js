import { defineConfig } from "vite";

// One file, which the desk serves by itself: nothing is ever loaded from elsewhere.
export default defineConfig({
  build: {
    lib: { entry: "src/volume.js", formats: ["es"], fileName: () => "volume.js" },
    outDir: "../src/defacto/review/static",
    emptyOutDir: false,
    assetsInlineLimit: 1e8,
    chunkSizeWarningLimit: 5000,
    rollupOptions: { output: { inlineDynamicImports: true } },
  },
});
