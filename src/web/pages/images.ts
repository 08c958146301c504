/** The images of the pages. All are decorative: the text next to them says the same. */

/** Google's logo; its branding rules prescribe shape and colours. */
export const GOOGLE_G = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">
<path fill="#EA4335" d="M24 9.5c3.54 0 6.71 1.22 9.21 3.6l6.85-6.85C35.9 2.38 30.47 0 24 0 14.62 0 6.51 5.38 2.56 13.22l7.98 6.19C12.43 13.72 17.74 9.5 24 9.5z"/>
<path fill="#4285F4" d="M46.98 24.55c0-1.57-.15-3.09-.38-4.55H24v9.02h12.94c-.58 2.96-2.26 5.48-4.78 7.18l7.73 6c4.51-4.18 7.09-10.36 7.09-17.65z"/>
<path fill="#FBBC05" d="M10.53 28.59c-.48-1.45-.76-2.99-.76-4.59s.27-3.14.76-4.59l-7.98-6.19C.92 16.46 0 20.12 0 24c0 3.88.92 7.54 2.56 10.78l7.97-6.19z"/>
<path fill="#34A853" d="M24 48c6.48 0 11.93-2.13 15.89-5.81l-7.73-6c-2.15 1.45-4.92 2.3-8.16 2.3-6.26 0-11.57-4.22-13.47-9.91l-7.98 6.19C6.51 42.62 14.62 48 24 48z"/>
</svg>
`

const round = (colour: string, sign: string): string => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">
<circle cx="12" cy="12" r="12" fill="${colour}"/>
<path fill="none" stroke="#fff" stroke-width="2.25" stroke-linecap="round" stroke-linejoin="round" d="${sign}"/>
</svg>
`

/** The icon of a success. */
export const GOOD = round('#1a7f37', 'M7 12.5l3.4 3.4L17 9')
/** The icon of a failure. */
export const BAD = round('#b35900', 'M12 6.5v7M12 17.4v.1')
/** The icon of a pause. */
export const PAUSED = round('#57606a', 'M9.5 8v8M14.5 8v8')

/** The icon of the pages. */
export const CALENDAR = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">
<rect x="3" y="4.5" width="18" height="16.5" rx="3" fill="#3b6fd4"/>
<path fill="#fff" d="M5 9.5h14V18a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1z"/>
<path stroke="#3b6fd4" stroke-width="2" stroke-linecap="round" d="M8 3v3M16 3v3"/>
<path fill="none" stroke="#3b6fd4" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" d="M9 14.2l2.1 2.1 4-4"/>
</svg>
`
