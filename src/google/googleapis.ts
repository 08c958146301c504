/**
 * The library with which Google's API is used, as far as we use its code. It is a fifth of the program, and only Bookings need it, so
 * the build puts this file into a bundle of its own (scripts/build.mjs), which is loaded with the first of them.
 */
export { calendar } from 'googleapis/build/src/apis/calendar/index.js'
