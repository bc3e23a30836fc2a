/** `npm run test:long`: more cases than in `npm test`. */
export const ALL = process.env.TESTS === 'all';
