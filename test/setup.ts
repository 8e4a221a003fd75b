import fc from "fast-check";

// Properties are tried on the same cases each time, so that a red run is about the change and not about luck;
// SKOPOS_SEED=$RANDOM npx vitest run --project unit tries others.
fc.configureGlobal({ seed: Number(process.env.SKOPOS_SEED ?? 1) });
