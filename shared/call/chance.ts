/** Draws whether a call counts: for the limits of its caller, and for the overview of its app. Tests replace it. */
export const chance = { draw: (): number => Math.random() };
