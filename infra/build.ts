/** `npm run build`: bundles all functions and prints their sizes, the largest first. */
import { bundle } from './bundle.ts';

try {
  const { bytes } = await bundle();
  for (const [id, size] of Object.entries(bytes).sort((a, b) => b[1] - a[1])) {
    console.log(`${(size / 1024).toFixed(1).padStart(7)} KB  ${id}`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
